import { Failure } from "@millrace/failure";
import { cassandraSettingsOf, type Values } from "@millrace/runtime";
import type { Backends, CassandraBackend } from "./backends.ts";
import type { Finding } from "./finding.ts";
import type { MigrationRequest } from "./request.ts";
import type { CASSANDRA_TABLE } from "./variables.ts";

const REPLICAS = 3;

/** Makes the tables of the cell store and the record store, or tells what is missing of them. */
export async function* prepareCassandra(
  values: Values<typeof CASSANDRA_TABLE>,
  request: MigrationRequest,
  { cassandra }: Backends,
): AsyncGenerator<Finding, void, undefined> {
  const settings = cassandraSettingsOf(values);
  const replicas = { [settings.localDataCenter]: request.replicas ?? REPLICAS };
  const options = { ...settings, replicas, ...(request.signal && { signal: request.signal }) };
  const told = new Set<string>();
  for (const store of cassandra) {
    for (const finding of await prepareStore(store, options, request.check ?? false)) {
      // What is wrong with the cluster is wrong for both stores.
      if (finding.level === "warning" && told.has(finding.text)) continue;
      told.add(finding.text);
      yield finding;
    }
  }
}

async function prepareStore(
  { what, examine, migrate }: CassandraBackend,
  options: Parameters<CassandraBackend["migrate"]>[0],
  isCheck: boolean,
): Promise<Finding[]> {
  const subject = `cassandra ${options.keyspace}`;
  try {
    const before = await examine(options);
    const isMissing = before.has < before.needs;
    if (isMissing && isCheck) {
      const has = before.has === 0 ? "are no tables" : `are tables of version ${before.has}`;
      return [
        {
          subject,
          level: "problem",
          text: `there ${has} of ${what}; version ${before.needs} is needed`,
          advice: "run `millrace migrate`",
        },
      ];
    }
    if (!isCheck) await migrate(options);
    const { has, warnings } = isMissing ? await examine(options) : before;
    return [
      { subject, level: isMissing ? "done" : "ok", text: `the tables of ${what} have version ${has}` },
      ...warnings.map((text): Finding => ({ subject, level: "warning", text })),
    ];
  } catch (error) {
    // What the store would refuse to open with, it says what to do itself.
    if (!(error instanceof Failure) || error.kind !== "precondition") throw error;
    return [{ subject, level: "problem", text: error.message }];
  }
}
