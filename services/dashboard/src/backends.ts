import { observedRecordStore } from "@millrace/record-store";
import { openCassandraRecordStore } from "@millrace/record-store/cassandra";
import { cassandraSettingsOf, type ServiceProcess, untilAvailable } from "@millrace/runtime";
import type { Settings } from "./config.ts";

/** The servers that the dashboard speaks to: Cassandra, which has the sessions. */
export async function openBackends({ settings, log, telemetry }: ServiceProcess<Settings>) {
  const options = { ...cassandraSettingsOf(settings), onWarning: (warning: string) => log.warn(warning) };
  const records = await untilAvailable(() => openCassandraRecordStore(options), { log });
  return {
    records: observedRecordStore(records, { ...telemetry, backend: "cassandra" }),
    close: () => records.close(),
  };
}
