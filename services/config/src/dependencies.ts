import type { RecordStore } from "@millrace/record-store";
import type { Logger } from "@millrace/runtime";
import type { ApiKeyRecords } from "./store/api-key-records.ts";
import type { ProjectRecords } from "./store/project-records.ts";
import type { VisitorSaltRecords } from "./visitor-salt/visitor-salt-records.ts";

/** What the RPCs of config work with. */
export type Dependencies = {
  readonly records: RecordStore;
  readonly projects: ProjectRecords;
  readonly keys: ApiKeyRecords;
  readonly visitorSalts: VisitorSaltRecords;
  /** The present, in epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  /** Gives that many unpredictable bytes. */
  readonly random: (size: number) => Uint8Array;
  /** The version of enrichment and fold that new revisions are stamped with. */
  readonly processingVersion: number;
  /** Aborts when config stops. */
  readonly closing: AbortSignal;
  /** How many processes are told of changes. */
  readonly watches: { add(by: number, attributes: Record<string, never>): void };
};
