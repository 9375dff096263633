import { it, onTestFinished } from "vitest";
import type { EventLog, GroupHandler, LogRecord, OwnedPartition, PartitionHandler } from "../event-log.ts";

/** A log that was opened for one test. */
export type OpenedLog = {
  /** Fresh and empty, with at least 4 partitions. */
  readonly log: EventLog;
  /** Closes the log and opens it again with what it holds. */
  readonly reopen: () => Promise<EventLog>;
  /** Removes all records that are there now, as the retention does, committed or not. */
  readonly trimAll: () => Promise<void>;
  /** Frees everything; the logs may be closed already. */
  readonly dispose: () => Promise<void>;
};

/** What a backend may be excused from. */
export type Capability = "reopening" | "trimming" | "stickiness";

/** What the suite is run with. */
export type ContractOptions = {
  /** Opens a fresh, empty log for one test; the suite disposes of it. */
  readonly open: () => Promise<OpenedLog>;
  /** What the backend is excused from, each with the reason. */
  readonly except?: readonly { readonly capability: Capability; readonly reason: string }[];
  /** How long to wait for what must happen "soon": rebalances of a cluster take seconds. 5 s by default. */
  readonly patienceMs?: number;
};

/** What the tests of the suite are given. */
export class Harness {
  readonly #options: ContractOptions;

  constructor(options: ContractOptions) {
    this.#options = options;
  }

  /** A test of what needs capabilities: it does not exist for a backend that is excused from one of them. */
  itNeeds(capabilities: readonly Capability[], title: string, test: () => Promise<void>): void {
    const excused = this.#options.except?.some((excuse) => capabilities.includes(excuse.capability));
    if (!excused) it(title, test);
  }

  async open(): Promise<OpenedLog> {
    const opened = await this.#options.open();
    onTestFinished(() => opened.dispose());
    return opened;
  }

  /** Waits until the condition holds, and fails after the backend's patience. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const patienceMs = this.#options.patienceMs ?? 5000;
    const deadline = performance.now() + patienceMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** A record's value that can be told apart from others. */
export function value(text: string): Uint8Array {
  return Buffer.from(text);
}

/** The text that {@link value} was made of. */
export function text(record: LogRecord): string {
  return Buffer.from(record.value).toString();
}

/** A group member that remembers all that happens to it. */
export class RecordingMember implements GroupHandler {
  readonly name: string;
  readonly owned = new Map<number, OwnedPartition>();
  /** All that was ever owned, with what was lost. */
  readonly history: OwnedPartition[] = [];
  readonly received = new Map<number, LogRecord[]>();
  readonly batches: (readonly LogRecord[])[] = [];
  readonly failures: { readonly error: unknown; readonly partition: number | undefined }[] = [];
  /** "assigned 3", "revoked 3", in the order of events; may be shared by members. */
  readonly events: string[];
  idleCalls = 0;
  /** What is done with a batch, before it counts as received. */
  onRecords: (records: readonly LogRecord[], owned: OwnedPartition) => Promise<void> | void = () => undefined;
  onRevoking: (owned: OwnedPartition) => void = () => undefined;
  onRevoke: (owned: OwnedPartition) => Promise<void> | void = () => undefined;

  constructor(name = "member", events: string[] = []) {
    this.name = name;
    this.events = events;
  }

  assigned(owned: OwnedPartition): PartitionHandler {
    this.events.push(`${this.name} assigned ${owned.partition}`);
    this.owned.set(owned.partition, owned);
    this.history.push(owned);
    return {
      records: async (records) => {
        await this.onRecords(records, owned);
        this.batches.push(records);
        const received = this.received.get(owned.partition) ?? [];
        received.push(...records);
        this.received.set(owned.partition, received);
      },
      idle: () => {
        this.idleCalls++;
      },
      revoking: () => this.onRevoking(owned),
      revoke: async () => {
        await this.onRevoke(owned);
        this.events.push(`${this.name} revoked ${owned.partition}`);
        this.owned.delete(owned.partition);
      },
    };
  }

  failed(error: unknown, partition: number | undefined): void {
    this.failures.push({ error, partition });
  }

  texts(partition: number): string[] {
    return (this.received.get(partition) ?? []).map(text);
  }
}

/** Reads everything from an offset. */
export async function readAll(log: EventLog, partition: number, fromOffset: number): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const records of log.read(partition, fromOffset)) all.push(...records);
  return all;
}
