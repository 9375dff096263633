import { createHash, randomUUID } from "node:crypto";
import { Failure } from "@millrace/failure";
import { type CassandraOptions, checkKeyspace, connect } from "./connect.ts";
import { cancelled } from "./failure.ts";
import { pause } from "./pause.ts";
import type { CassandraSession } from "./session.ts";

/** The tables of one store: what `version` needs, as statements that may be made any number of times. */
export type SchemaPart = {
  /** The store, such as "cell_store". */
  readonly name: string;
  /** Raised with each addition. */
  readonly version: number;
  /** All statements in order, for a keyspace; each changes nothing where it was made before. */
  readonly statements: (keyspace: string) => readonly string[];
};

/** Where a schema is made, and with how many replicas. */
export type MigrateOptions = CassandraOptions & {
  /** Replicas by data centre, for a keyspace that does not exist yet. Default: 3 in the local one. */
  readonly replicas?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal;
};

const LOCK_SECONDS = 60;
const POLL_MS = 250;
const DOING = "migrating Cassandra's schema";

/**
 * Makes the tables of a store, or adds to them what is missing. Two at once wait for each other; one that was killed
 * midway is finished by the next, after a minute at the latest. Nothing is ever taken away.
 */
export async function migrate(options: MigrateOptions, part: SchemaPart): Promise<void> {
  const session = await connect(options);
  try {
    await session.define(DOING, keyspaceStatement(options));
    await session.define(DOING, stateTable(session.keyspace));
    const holder = await lock(session, options.signal);
    try {
      for (const statement of part.statements(session.keyspace)) {
        await extend(session, holder);
        await session.define(DOING, statement);
      }
      await record(session, part);
    } finally {
      await unlock(session, holder);
    }
  } finally {
    await session.close();
  }
}

/** Resolves when the schema of a store is there in the version needed or a later one; meanwhile `onWaiting` is told why. */
export async function awaitSchema(
  session: CassandraSession,
  part: Pick<SchemaPart, "name" | "version">,
  options: { readonly signal?: AbortSignal; readonly onWaiting?: (message: string) => void } = {},
): Promise<void> {
  for (let first = true; ; first = false) {
    const version = await versionOf(session, part.name);
    if (version >= part.version) return;
    if (first) {
      const has =
        version > 0 ? `has version ${version}` : (await isThere(session)) ? "has no tables" : "does not exist";
      options.onWaiting?.(
        `waiting for the schema of ${part.name}: the keyspace ${session.keyspace} ${has}, version ${part.version} is needed; ` +
          "run millrace migrate, or name another keyspace",
      );
    }
    await pause(POLL_MS, options.signal);
    if (options.signal?.aborted) throw cancelled(options.signal);
  }
}

/** Whether the keyspace exists. */
async function isThere(session: CassandraSession): Promise<boolean> {
  const query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
  return (await session.read("reading Cassandra's schema", { query, params: [session.keyspace] })).length > 0;
}

/** The version of a store's tables; 0 where there are none, or no keyspace. */
export async function versionOf(session: CassandraSession, name: string): Promise<number> {
  const tables = await session.read("reading Cassandra's schema", {
    query: "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?",
    params: [session.keyspace, "schema_state"],
  });
  if (tables.length === 0) return 0;
  const [row] = await session.read("reading Cassandra's schema", {
    query: `SELECT version FROM ${session.keyspace}.schema_state WHERE name = ?`,
    params: [name],
  });
  return Number(row?.version ?? 0);
}

function keyspaceStatement(options: MigrateOptions): string {
  const replicas = Object.entries(options.replicas ?? { [options.localDataCenter]: 3 });
  for (const [name, count] of replicas) {
    if (!/^[\w.-]{1,64}$/.test(name)) throw Failure.invalidField("replicas", `"${name}" cannot name a data centre`);
    if (Number.isInteger(count) && count > 0) continue;
    throw Failure.invalidField("replicas", `has ${count} for ${name}; allowed are whole numbers from 1`);
  }
  const list = replicas.map(([name, count]) => `'${name}': ${count}`).join(", ");
  return `CREATE KEYSPACE IF NOT EXISTS ${checkKeyspace(options)} WITH replication = {'class': 'NetworkTopologyStrategy', ${list}}`;
}

/**
 * The table of versions and of the lock is made before there is a lock. Two nodes that make a table at once give it two
 * identities, of which one is lost with its rows; so this one's is a function of its name.
 */
function stateTable(keyspace: string): string {
  const hex = createHash("sha256").update(`${keyspace}.schema_state`).digest("hex");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `CREATE TABLE IF NOT EXISTS ${keyspace}.schema_state (name text PRIMARY KEY, version int, holder text) WITH id = ${id}`;
}

async function lock(session: CassandraSession, signal: AbortSignal | undefined): Promise<string> {
  const holder = randomUUID();
  const query = `INSERT INTO ${session.keyspace}.schema_state (name, holder) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${LOCK_SECONDS}`;
  for (;;) {
    const applied = await session.applyIf(DOING, [{ query, params: [holder] }], signal).catch(ifUnknown(false));
    if (applied || (await holderOf(session)) === holder) return holder;
    await pause(POLL_MS);
    session.enter(signal);
  }
}

/** Holds the lock for another minute; fails with `stale` where it went to another meanwhile. */
async function extend(session: CassandraSession, holder: string): Promise<void> {
  const query = `UPDATE ${session.keyspace}.schema_state USING TTL ${LOCK_SECONDS} SET holder = ? WHERE name = 'lock' IF holder = ?`;
  const applied = await session.applyIf(DOING, [{ query, params: [holder, holder] }]).catch(ifUnknown(false));
  if (applied || (await holderOf(session)) === holder) return;
  throw new Failure("stale", "OWNERSHIP_LOST", "another migration has taken over; run it again");
}

async function record(session: CassandraSession, { name, version }: SchemaPart): Promise<void> {
  const now = await versionOf(session, name);
  if (now >= version) return;
  const query = `INSERT INTO ${session.keyspace}.schema_state (name, version) VALUES (?, ?)`;
  await session.write(DOING, [{ query, params: [name, version] }]);
}

async function unlock(session: CassandraSession, holder: string): Promise<void> {
  const query = `DELETE FROM ${session.keyspace}.schema_state WHERE name = 'lock' IF holder = ?`;
  // It ends by itself where this does not arrive.
  await session.applyIf(DOING, [{ query, params: [holder] }]).catch(() => false);
}

async function holderOf(session: CassandraSession): Promise<unknown> {
  const query = `SELECT holder FROM ${session.keyspace}.schema_state WHERE name = 'lock'`;
  return (await session.readSerial(DOING, { query, params: [] }))[0]?.holder;
}

function ifUnknown<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Failure && error.kind === "unknownOutcome") return value;
    throw error;
  };
}
