import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import type { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { IngestService, Outcome, type StreamResponse } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";

/** An event as it is sent. */
export type EventInit = MessageInitShape<typeof EventSchema>;

/** How a producer sends: on streams or by single calls; what its events have of their own. */
export type Habit = {
  readonly name: string;
  readonly by: "Stream" | "Send";
  readonly hasIds: boolean;
  readonly hasTimes: boolean;
};

/** Every way in which a retry is promised to be recognised. */
export const HABITS: readonly Habit[] = [
  { name: "stream-ids", by: "Stream", hasIds: true, hasTimes: true },
  { name: "stream-bare", by: "Stream", hasIds: false, hasTimes: true },
  { name: "stream-timeless", by: "Stream", hasIds: false, hasTimes: false },
  { name: "send-ids", by: "Send", hasIds: true, hasTimes: true },
];

/** Where producers send: gives a client for the next stream or calls. */
export type IngestTarget = {
  client(service: typeof IngestService, key: string): Client<typeof IngestService>;
};

/** How much a producer sends, and of when. */
export type Pace = {
  /** How long it rests after each batch of 20 events, in milliseconds; 5 when absent. */
  readonly betweenBatchesMs?: number;
  /** How far the times of its events reach back, in milliseconds; absent: they happen when they are made. */
  readonly reachesBackMs?: number;
  /** Chance, from 0 to less than 1. */
  readonly random?: () => number;
};

/** The events of one minute, or of all: how many, and the exact sum of `amount` in millionths. */
export type Total = { count: number; sum: bigint };

type Batch = { readonly sequence: bigint; readonly events: EventInit[] };

const EVENTS_A_BATCH = 20;
const BETWEEN_BATCHES_MS = 5;
const AGAIN_AFTER_MS = 100;
const MILLION = 1_000_000;
const MINUTE_MS = 60_000;
/** What reaches back falls on so many moments, however far it reaches: each costs a block in every partition. */
const MOMENTS_BACK = 20;

/**
 * A producer as the contract describes one: it makes events for as long as it is told to, sends again what no answer has
 * covered, over failures and restarts, and keeps its own account of them.
 */
export class Producer {
  readonly habit: Habit;
  /** How many streams or calls were answered, and how many failed. */
  answered = 0;
  failed = 0;
  /** Answers of streams, in order. */
  readonly answers: StreamResponse[] = [];
  /** What it made, by the minute's beginning in epoch milliseconds; nothing of events whose time is ingest's to say. */
  readonly minutes = new Map<number, Total>();
  readonly #target: IngestTarget;
  readonly #projectId: string;
  readonly #key: string;
  readonly #pace: Required<Pace>;
  /** What was made and is not acknowledged, by its number from 0. */
  readonly #batches = new Map<number, Batch>();
  readonly #total: Total = { count: 0, sum: 0n };
  #made = 0;
  #covered = 0;
  #offered = 0;
  #resent = 0;
  #stopped = false;

  constructor(target: IngestTarget, projectId: string, key: string, habit: Habit, pace: Pace = {}) {
    this.#target = target;
    this.#projectId = projectId;
    this.#key = key;
    this.habit = habit;
    this.#pace = { betweenBatchesMs: BETWEEN_BATCHES_MS, reachesBackMs: 0, random: Math.random, ...pace };
  }

  get name(): string {
    return this.habit.name;
  }

  /** The events that were acknowledged, that were ever sent, and that were sent more than once. */
  get account() {
    const count = (batches: number) => batches * EVENTS_A_BATCH;
    return { acknowledged: count(this.#covered), sent: count(this.#offered), resent: count(this.#resent) };
  }

  /** The exact sum of `amount` over all events, in millionths. */
  get sum(): bigint {
    return this.#total.sum;
  }

  /** Makes no more events; `run` ends when all that were made are acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  /** Sends until stopped and acknowledged, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(this.#stopped && this.#covered === this.#made)) {
      try {
        if (this.habit.by === "Stream") await this.#stream(signal);
        else await this.#send(signal);
        this.answered++;
      } catch (thrown) {
        // What the server itself refused is not to be hidden by trying again; that it is gone, or going, is what retries are for.
        if (isVerdict(ConnectError.from(thrown))) throw thrown;
        this.failed++;
        await pause(AGAIN_AFTER_MS);
      }
    }
  }

  async #stream(signal: AbortSignal): Promise<void> {
    const client = this.#target.client(IngestService, this.#key);
    const answered = new AbortController();
    const from = this.#covered;
    const length = 3 + Math.floor(this.#pace.random() * 27);
    const take = (at: number) => this.#batch(at);
    const isDone = (at: number) =>
      answered.signal.aborted || at >= from + length || (this.#stopped && at >= this.#made);
    const streamId = `${this.#projectId}-${this.habit.name}`;
    const { betweenBatchesMs } = this.#pace;
    async function* messages() {
      for (let at = from; !isDone(at); at++) {
        const { sequence, events } = take(at);
        yield { streamId: at === from ? streamId : "", sequence, events };
        await pause(betweenBatchesMs);
      }
    }
    try {
      const answer = await client.stream(messages(), { signal });
      this.answers.push(answer);
      const { durableThroughSequence: through } = answer;
      if (through !== undefined) this.#cover(Number(through));
    } finally {
      answered.abort();
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const client = this.#target.client(IngestService, this.#key);
    const length = 20;
    const { betweenBatchesMs } = this.#pace;
    for (let i = 0; i < length && !(this.#stopped && this.#covered === this.#made); i++) {
      const { events } = this.#batch(this.#covered);
      const answer = await client.send({ events }, { signal });
      if (answer.rejectedCount > 0) throw new Error(`rejected: ${answer.outcomes[0]?.message}`);
      if (answer.outcomes.some(({ outcome }) => outcome === Outcome.RETRY)) return;
      this.#cover(this.#covered + 1);
      await pause(betweenBatchesMs);
    }
  }

  /** The batch at a place, made when it is first asked for; what comes again is the same to the byte. */
  #batch(at: number): Batch {
    const known = this.#batches.get(at);
    if (known !== undefined) this.#resent += at < this.#offered ? 1 : 0;
    const batch = known ?? this.#make(at);
    this.#offered = Math.max(this.#offered, at + 1);
    return batch;
  }

  /** Forgets the batches before a place: they are durable. */
  #cover(through: number): void {
    for (; this.#covered < through; this.#covered++) this.#batches.delete(this.#covered);
  }

  #make(at: number): Batch {
    const { name, hasIds, hasTimes } = this.habit;
    const nowMs = Date.now();
    const events = Array.from({ length: EVENTS_A_BATCH }, (_, i): EventInit => {
      const amount = Math.floor((this.#pace.random() - 0.3) * 1e9);
      const timeMs = nowMs - i - this.#backMs();
      this.#count(hasTimes ? timeMs : undefined, BigInt(amount));
      return {
        name: "tick",
        userId: `u${(at * 7 + i) % 50}`,
        ...(hasIds && { eventId: `${name}-${at}-${i}` }),
        ...(hasTimes && { time: timestampFromMs(timeMs) }),
        properties: { producer: name, amount: amount / MILLION },
      };
    });
    const batch = { sequence: BigInt(at + 1), events };
    this.#batches.set(at, batch);
    this.#made = at + 1;
    return batch;
  }

  #backMs(): number {
    const { reachesBackMs, random } = this.#pace;
    return reachesBackMs === 0 ? 0 : Math.floor((Math.floor(random() * MOMENTS_BACK) * reachesBackMs) / MOMENTS_BACK);
  }

  #count(timeMs: number | undefined, amount: bigint): void {
    const totals = [this.#total];
    if (timeMs !== undefined) {
      const minute = timeMs - (timeMs % MINUTE_MS);
      const total = this.minutes.get(minute) ?? { count: 0, sum: 0n };
      this.minutes.set(minute, total);
      totals.push(total);
    }
    for (const total of totals) {
      total.count++;
      total.sum += amount;
    }
  }
}

/** Whether a failure is the server's answer about the call, and trying again would not help. */
function isVerdict(error: ConnectError): boolean {
  if (error.findDetails(ErrorInfoSchema).length === 0) return false;
  return error.code !== Code.Unavailable && error.code !== Code.ResourceExhausted;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
