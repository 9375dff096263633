/** Events that are sent once: what fails is not repeated here, and the fate of each is known by its id. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { EventInit, SentTicks, Total } from "@millrace/harness/load";

/** How many calls, or streams, are under way at a time. */
const AT_A_TIME = 3;
const EVENTS_A_BATCH = 3;
const PAUSE_MS = 30;
const BATCHES_A_STREAM = 12;
const MILLION = 1_000_000;
const MINUTE_MS = 60_000;

type Batch = { readonly events: EventInit[]; readonly ids: readonly string[]; readonly total: Total; minute: number };

/** How events are sent: by calls of `Send`, or on streams. */
export type Way = "Send" | "Stream";

/** A load of single calls, or of streams, until it is stopped. */
export class SingleCalls implements SentTicks {
  readonly name: string;
  readonly way: Way;
  readonly minutes = new Map<number, Total>();
  sum = 0n;
  /** Why calls failed, and how many. */
  readonly failures = new Map<string, number>();
  calls = 0;
  /** Ids of events that were acknowledged. */
  readonly acknowledged = new Set<string>();
  /** Ids of events that were sent, and that no answer acknowledged. */
  readonly refused = new Set<string>();
  readonly #client: Client<typeof IngestService>;
  readonly #random: () => number;
  readonly #runs: Promise<unknown>;
  #made = 0;
  #isStopped = false;

  constructor(name: string, way: Way, transport: Transport, random: () => number) {
    this.name = name;
    this.way = way;
    this.#random = random;
    this.#client = createClient(IngestService, transport);
    this.#runs = Promise.all(Array.from({ length: AT_A_TIME }, () => this.#run()));
    // Whoever stops it learns of it.
    this.#runs.catch(() => {});
  }

  /** What is refused was not sent again, and does not count: all that counts was acknowledged. */
  get account() {
    return { acknowledged: this.acknowledged.size, sent: this.acknowledged.size, resent: 0 };
  }

  /** How many events were given to calls so far. */
  get offered(): number {
    return this.#made;
  }

  /** How many calls failed. */
  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#runs;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.calls++;
      const offered: Batch[] = [];
      try {
        const durable = this.way === "Send" ? await this.#send(offered) : await this.#stream(offered);
        offered.forEach((batch, index) => {
          if (index < durable) this.#acknowledge(batch);
          else this.#refuse(batch);
        });
      } catch (thrown) {
        const { code, rawMessage } = ConnectError.from(thrown);
        const why = `${code}: ${rawMessage}`;
        this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
        for (const batch of offered) this.#refuse(batch);
      }
      await pause();
    }
  }

  async #send(offered: Batch[]): Promise<number> {
    const batch = this.#make();
    offered.push(batch);
    const { outcomes, acceptedCount, duplicateCount } = await this.#client.send({ events: batch.events });
    const isTaken = acceptedCount + duplicateCount === batch.events.length;
    if (!isTaken) throw new Error(`outcomes: ${outcomes.map(({ outcome }) => outcome).join(", ")}`);
    return 1;
  }

  async #stream(offered: Batch[]): Promise<number> {
    const make = () => this.#make();
    const isOver = () => this.#isStopped;
    const streamId = `${this.name}-${this.calls}`;
    const answered = new AbortController();
    async function* messages() {
      for (let sequence = 1n; sequence <= BATCHES_A_STREAM && !isOver() && !answered.signal.aborted; sequence++) {
        const batch = make();
        offered.push(batch);
        yield { streamId, sequence, events: batch.events };
        await pause();
      }
    }
    try {
      return Number((await this.#client.stream(messages())).durableThroughSequence ?? 0n);
    } finally {
      answered.abort();
    }
  }

  #make(): Batch {
    const nowMs = Date.now();
    const total: Total = { count: 0, sum: 0n };
    const ids: string[] = [];
    const events = Array.from({ length: EVENTS_A_BATCH }, (): EventInit => {
      const amount = Math.floor((this.#random() - 0.3) * 1e9);
      const eventId = `${this.name}-${this.#made++}`;
      ids.push(eventId);
      total.count++;
      total.sum += BigInt(amount);
      const properties = { producer: this.name, amount: amount / MILLION };
      return { eventId, name: "tick", userId: `u${this.#made % 50}`, time: timestampFromMs(nowMs), properties };
    });
    return { events, ids, total, minute: nowMs - (nowMs % MINUTE_MS) };
  }

  #acknowledge({ ids, minute, total }: Batch): void {
    for (const id of ids) this.acknowledged.add(id);
    const { count, sum } = this.minutes.get(minute) ?? { count: 0, sum: 0n };
    this.minutes.set(minute, { count: count + total.count, sum: sum + total.sum });
    this.sum += total.sum;
  }

  #refuse({ ids }: Batch): void {
    for (const id of ids) this.refused.add(id);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
