import { Failure } from "@millrace/failure";
import type { CassandraOptions } from "./connect.ts";
import type { CassandraSession } from "./session.ts";

/**
 * Checks what the promises rest on: the keyspace has replicas in the local data centre, and the tables repair what they
 * read. Fails with `precondition`, saying what to do; gives warnings of what is allowed and unsafe.
 *
 * @param tables those that must repair before they answer
 */
export async function checkCluster(
  session: CassandraSession,
  options: CassandraOptions,
  tables: readonly string[],
): Promise<readonly string[]> {
  const warnings: string[] = [];
  await checkReplication(session, options, warnings);
  const found = await readRepairs(session);
  for (const name of tables) {
    const readRepair = found.get(name);
    if (readRepair?.toUpperCase() === "BLOCKING") continue;
    throw refusal(
      `the table ${session.keyspace}.${name} has read_repair = '${readRepair}'; without 'BLOCKING' a later read may give ` +
        `an earlier state, and events would be counted twice: ALTER TABLE ${session.keyspace}.${name} WITH read_repair = 'BLOCKING'`,
    );
  }
  const sync = await commitLogSync(session);
  if (sync === undefined) {
    warnings.push(
      "how Cassandra writes its commit log is not known: its user may not read system_views.settings. Unless " +
        "commitlog_sync is batch or group, a node that is killed forgets what it had confirmed",
    );
  }
  if (sync === "periodic") {
    warnings.push(
      "Cassandra's commitlog_sync is periodic: a node that is killed forgets about the last 10 seconds that it had " +
        "confirmed. Set it to batch or group, or keep three replicas that never fail together",
    );
  }
  return warnings;
}

/** How each of the keyspace's tables repairs what it reads. */
async function readRepairs(session: CassandraSession): Promise<ReadonlyMap<string, string>> {
  const rows = await session.read("reading Cassandra's schema", {
    query: "SELECT table_name, read_repair FROM system_schema.tables WHERE keyspace_name = ?",
    params: [session.keyspace],
  });
  return new Map(rows.map((row) => [String(row.table_name), String(row.read_repair)]));
}

async function checkReplication(session: CassandraSession, options: CassandraOptions, warnings: string[]) {
  const [row] = await session.read("reading Cassandra's schema", {
    query: "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?",
    params: [session.keyspace],
  });
  const replication = (row?.replication ?? {}) as Record<string, string>;
  const local = options.localDataCenter;
  if (replication.class?.endsWith("NetworkTopologyStrategy")) {
    if (replication[local] === undefined) {
      throw refusal(
        `the keyspace ${session.keyspace} has no replicas in the data centre "${local}": ` +
          "ALTER KEYSPACE it so that it has, or name another local data centre",
      );
    }
  } else {
    warnings.push(`the keyspace ${session.keyspace} does not use NetworkTopologyStrategy: it knows no data centres`);
  }
  const copies = Number(replication[local] ?? replication.replication_factor ?? 0);
  if (copies < 3) {
    warnings.push(`the keyspace ${session.keyspace} keeps ${copies} of each row: with fewer than 3, no node may fail`);
  }
}

/** How a node writes its commit log; undefined where it does not say. */
async function commitLogSync(session: CassandraSession): Promise<string | undefined> {
  const statement = { query: "SELECT value FROM system_views.settings WHERE name = ?", params: ["commitlog_sync"] };
  try {
    const [row] = await session.read("reading Cassandra's settings", statement);
    return row === undefined ? undefined : String(row.value);
  } catch (error) {
    if (error instanceof Failure && error.kind === "precondition") return undefined;
    throw error;
  }
}

function refusal(message: string): Failure {
  return new Failure("precondition", "BACKEND_UNAVAILABLE", message);
}
