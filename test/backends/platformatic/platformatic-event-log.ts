import type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
} from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { abortable } from "./abortable.ts";
import { closed, MAX_RECORD_BYTES, PlatformaticAppender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import { committedOffset, Member } from "./member.ts";
import { boundsOf, fetchRecords } from "./partition-records.ts";

const BATCH_BYTES = 8 * 1024 * 1024;
const READ_WAIT_MS = 100;

/**
 * Opens a topic by @platformatic/kafka. For tests and measurements alone: it shows that the port is no client's own. It knows no
 * generations, no limits of memory and no metrics.
 */
export async function openPlatformaticEventLog(brokers: readonly string[], topic: string): Promise<EventLog> {
  const cluster = new Cluster(brokers, topic);
  return new PlatformaticEventLog(cluster, await cluster.partitions());
}

class PlatformaticEventLog implements EventLog {
  readonly generation = 1;
  readonly partitions: number;
  readonly maxRecordBytes = MAX_RECORD_BYTES;
  readonly #cluster: Cluster;
  readonly #appender: PlatformaticAppender;
  readonly #members: Member[] = [];
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, partitions: number) {
    this.#cluster = cluster;
    this.partitions = partitions;
    this.#appender = new PlatformaticAppender(cluster, partitions);
  }

  append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult> {
    return this.#appender.append(partition, value, options);
  }

  async join(
    group: string,
    handler: GroupHandler,
    { maxBatchBytes = BATCH_BYTES }: { readonly maxBatchBytes?: number } = {},
  ): Promise<GroupMember> {
    if (this.#closing !== undefined) throw closed();
    const name = `${group} ${this.#members.length}`;
    // Groups are a cluster's; those of the port are a log's.
    const own = `${this.#cluster.topic}.${group}`;
    const { partitions } = this;
    const member = new Member({ cluster: this.#cluster, partitions, group: own, name, handler, maxBatchBytes });
    this.#members.push(member);
    await member.joined;
    return member;
  }

  committed(group: string, partition: number): Promise<number> {
    return committedOffset(this.#cluster, `${this.#cluster.topic}.${group}`, partition);
  }

  async *read(
    partition: number,
    fromOffset: number,
    { signal }: CallOptions = {},
  ): AsyncGenerator<readonly LogRecord[]> {
    const { first, end } = await abortable(this.bounds(partition), signal);
    if (fromOffset < first) throw new Failure("outOfRange", "DATA_CORRUPT", "the offset is not kept any more");
    for (let offset = fromOffset; offset < end; ) {
      const wanted = { lane: "read", partition, offset, waitMs: READ_WAIT_MS };
      const { records } = await abortable(fetchRecords(this.#cluster, wanted), signal);
      const before = records.filter((record) => record.offset < end);
      if (before.length > 0) yield before;
      offset = (records.at(-1)?.offset ?? offset - 1) + 1;
    }
  }

  async bounds(partition: number): Promise<{ readonly first: number; readonly end: number }> {
    if (this.#closing !== undefined) throw closed();
    return await boundsOf(this.#cluster, partition);
  }

  async ready({ signal }: CallOptions = {}): Promise<void> {
    await abortable(this.bounds(0), signal);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.#members.map((member) => member.leave()));
      await this.#appender.close();
      await this.#cluster.close();
    })();
    return this.#closing;
  }
}
