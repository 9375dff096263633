import { type CassandraOptions, connect } from "./connect.ts";
import { type SchemaPart, versionOf } from "./migrate.ts";
import { checkCluster } from "./startup-checks.ts";

/** How far a cluster is from what a store needs. */
export type SchemaState = {
  /** The store, such as "cell_store". */
  readonly name: string;
  /** The version of its tables; 0 where there are none. */
  readonly has: number;
  readonly needs: number;
  /** What is allowed and unsafe; empty while versions are missing. */
  readonly warnings: readonly string[];
};

/**
 * Looks at what {@link migrate} would do for a store, and changes nothing. Fails as `checkCluster` does where the store would
 * refuse to open.
 *
 * @param tables those that must repair before they answer
 */
export async function examineSchema(
  options: CassandraOptions,
  { name, version: needs }: Pick<SchemaPart, "name" | "version">,
  tables: readonly string[],
): Promise<SchemaState> {
  const session = await connect(options);
  try {
    const has = await versionOf(session, name);
    const warnings = has < needs ? [] : await checkCluster(session, options, tables);
    return { name, has, needs, warnings };
  } finally {
    await session.close();
  }
}
