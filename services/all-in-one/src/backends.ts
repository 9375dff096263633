import { join } from "node:path";
import { observedCache, observedClaims } from "@millrace/cache";
import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import { observedCellStore } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { observedEventLog } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { Failure } from "@millrace/failure";
import { observedRecordStore } from "@millrace/record-store";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import type { Telemetry } from "@millrace/runtime";

/** Where the backends are kept, and how large they may grow in memory. */
export type BackendOptions = {
  readonly dataDirectory: string;
  readonly partitions: number;
  readonly claimBytes: number;
};

/** Every backend of a process that holds all services: the embedded ones. */
export async function openBackends(options: BackendOptions, telemetry: Telemetry) {
  const opened: { close(): Promise<void> }[] = [];
  const directory = options.dataDirectory;
  const observer = { ...telemetry, backend: "embedded" } as const;
  async function open<T extends { close(): Promise<void> }>(backend: Promise<T>): Promise<T> {
    const one = await backend;
    opened.push(one);
    return one;
  }
  async function close(): Promise<void> {
    for (const one of opened.toReversed()) await one.close();
  }
  try {
    const records = await open(openEmbeddedRecordStore({ directory }));
    const eventLog = await open(openEventLog(options));
    const deadLetters = await open(openEmbeddedEventLog({ directory: join(directory, "dead-letters"), partitions: 1 }));
    const claims = await open(openEmbeddedClaims({ directory, maxResidentBytes: options.claimBytes }));
    const cellStore = await open(openEmbeddedCellStore({ directory }));
    const cache = await open(openEmbeddedCache());
    return {
      records: observedRecordStore(records, observer),
      eventLog: observedEventLog(eventLog, observer),
      deadLetters,
      claims: observedClaims(claims, observer),
      cellStore: observedCellStore(cellStore, observer),
      cache: observedCache(cache, observer),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The log, with what is wrong about the number of partitions said of the variable that sets it. */
async function openEventLog({ dataDirectory: directory, partitions }: BackendOptions) {
  try {
    return await openEmbeddedEventLog({ directory, partitions });
  } catch (error) {
    const violation = error instanceof Failure && error.violations.find(({ field }) => field === "partitions");
    if (!violation) throw error;
    const problem = `"${partitions}" is not allowed; ${violation.description}`;
    throw Failure.invalidField("MILLRACE_PARTITIONS", problem);
  }
}

/** The open backends. */
export type Backends = Awaited<ReturnType<typeof openBackends>>;
