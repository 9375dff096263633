import { inParallel, pause } from "@millrace/cassandra";
import { NoticeQueue } from "../notice-queue.ts";
import type { NumberedNotice, RecordTable } from "./record-table.ts";

type Watcher = { readonly queue: NoticeQueue; readonly from: readonly number[] };
type Told = NumberedNotice & { readonly shard: number };

/** Well below the second that a notice may take. Each round reads every shard, and an idle cluster pays for that. */
const POLL_MS = 400;
const READS_AT_A_TIME = 16;

/**
 * Tells watchers what the shards say has changed. While there are watchers the shards' numbers of changes are asked for
 * several times a second; a number that is missing means that notices are gone, and every watcher is told to begin anew.
 */
export class ChangeFeed {
  readonly #table: RecordTable;
  readonly #watchers = new Set<Watcher>();
  /** Of each shard: the last change that this process knows of. */
  readonly #known: number[];
  /** Of each shard: the last change that watchers were told of. */
  #told: number[] = [];
  #polling: Promise<void> | undefined;
  #wake = new AbortController();
  #isClosed = false;

  constructor(table: RecordTable, known: readonly number[]) {
    this.#table = table;
    this.#known = [...known];
  }

  /** A watch of every change after those that this process knows of. */
  watch(signal: AbortSignal | undefined): NoticeQueue {
    const end = () => queue.end();
    const queue: NoticeQueue = new NoticeQueue(() => {
      this.#watchers.delete(watcher);
      signal?.removeEventListener("abort", end);
      if (this.#watchers.size === 0) this.#wake.abort();
    });
    const watcher = { queue, from: [...this.#known] };
    if (this.#polling === undefined) this.#told = [...this.#known];
    this.#watchers.add(watcher);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
    else this.#polling ??= this.#poll();
    return queue;
  }

  /** A change was made by this process. */
  made(shard: number, number: number): void {
    this.#known[shard] = Math.max(this.#known[shard] ?? 0, number);
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { queue } of [...this.#watchers]) queue.end();
    this.#wake.abort();
    await this.#polling;
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed && this.#watchers.size > 0) {
      this.#wake = new AbortController();
      try {
        await this.#round();
      } catch {
        // What was told stays where it is, so nothing is missed: it is asked again.
        await pause(POLL_MS);
      }
      await pause(POLL_MS, this.#wake.signal);
    }
    this.#polling = undefined;
  }

  /** Tells what all shards have to tell, in the order in which it was written. */
  async #round(): Promise<void> {
    const changes = await this.#table.changes();
    const ends = changes.map((number, shard) => Math.max(number, this.#known[shard] ?? 0));
    const behind = ends.flatMap((end, shard) => (end > (this.#told[shard] ?? 0) ? [shard] : []));
    const found: Told[] = [];
    await inParallel(behind, READS_AT_A_TIME, async (shard) => {
      const notices = await this.#table.notices(shard, this.#told[shard] ?? 0);
      found.push(...notices.map((notice) => ({ ...notice, shard })));
    });
    const first = new Map(found.toReversed().map(({ shard, number }) => [shard, number]));
    if (behind.some((shard) => first.get(shard) !== (this.#told[shard] ?? 0) + 1)) {
      this.#told = ends;
      for (const { queue } of [...this.#watchers]) queue.fallBehind();
      return;
    }
    found.sort((a, b) => a.writtenMicros - b.writtenMicros || a.number - b.number);
    for (const notice of found) this.#tell(notice);
    if (ends.some((end, shard) => end > (this.#told[shard] ?? 0))) this.#wake.abort();
  }

  #tell({ shard, number, collection, id, version }: Told): void {
    for (const { queue, from } of [...this.#watchers]) {
      if (number > (from[shard] ?? 0)) queue.push({ collection, id, version });
    }
    this.#told[shard] = number;
    this.#known[shard] = Math.max(this.#known[shard] ?? 0, number);
  }
}
