import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import type { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { IngestService, Outcome, type StreamResponse } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Millrace } from "@millrace/harness";

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

type Batch = { readonly sequence: bigint; readonly events: EventInit[]; readonly sum: bigint };

const EVENTS_A_BATCH = 20;
const BETWEEN_BATCHES_MS = 5;
const AGAIN_AFTER_MS = 100;
const MILLION = 1_000_000;

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
  readonly #millrace: Millrace;
  readonly #projectId: string;
  readonly #key: string;
  readonly #batches: Batch[] = [];
  #covered = 0;
  #offered = 0;
  #resent = 0;
  #stopped = false;

  constructor(millrace: Millrace, projectId: string, key: string, habit: Habit) {
    this.#millrace = millrace;
    this.#projectId = projectId;
    this.#key = key;
    this.habit = habit;
  }

  /** The events that were acknowledged, that were ever sent, and that were sent more than once. */
  get account() {
    const count = (batches: number) => batches * EVENTS_A_BATCH;
    return { acknowledged: count(this.#covered), sent: count(this.#offered), resent: count(this.#resent) };
  }

  /** The exact sum of `amount` over all events, in millionths. */
  get sum(): bigint {
    return this.#batches.reduce((sum, batch) => sum + batch.sum, 0n);
  }

  /** Makes no more events; `run` ends when all that were made are acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  /** Sends until stopped and acknowledged, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(this.#stopped && this.#covered === this.#batches.length)) {
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
    const client = this.#millrace.client(IngestService, this.#key);
    const answered = new AbortController();
    const from = this.#covered;
    const length = 3 + Math.floor(Math.random() * 27);
    const take = (at: number) => this.#batch(at);
    const isDone = (at: number) =>
      answered.signal.aborted || at >= from + length || (this.#stopped && at >= this.#batches.length);
    const streamId = `${this.#projectId}-${this.habit.name}`;
    async function* messages() {
      for (let at = from; !isDone(at); at++) {
        const { sequence, events } = take(at);
        yield { streamId: at === from ? streamId : "", sequence, events };
        await pause(BETWEEN_BATCHES_MS);
      }
    }
    try {
      const answer = await client.stream(messages(), { signal });
      this.answers.push(answer);
      const { durableThroughSequence: through } = answer;
      if (through !== undefined) this.#covered = Number(through);
    } finally {
      answered.abort();
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const client = this.#millrace.client(IngestService, this.#key);
    const length = 20;
    for (let i = 0; i < length && !(this.#stopped && this.#covered === this.#batches.length); i++) {
      const { events } = this.#batch(this.#covered);
      const answer = await client.send({ events }, { signal });
      if (answer.rejectedCount > 0) throw new Error(`rejected: ${answer.outcomes[0]?.message}`);
      if (answer.outcomes.some(({ outcome }) => outcome === Outcome.RETRY)) return;
      this.#covered++;
      await pause(BETWEEN_BATCHES_MS);
    }
  }

  /** The batch at a place, made when it is first asked for; what comes again is the same to the byte. */
  #batch(at: number): Batch {
    const known = this.#batches[at];
    if (known !== undefined) this.#resent += at < this.#offered ? 1 : 0;
    const batch = known ?? this.#make(at);
    this.#offered = Math.max(this.#offered, at + 1);
    return batch;
  }

  #make(at: number): Batch {
    const { name, hasIds, hasTimes } = this.habit;
    const nowMs = Date.now();
    let sum = 0n;
    const events = Array.from({ length: EVENTS_A_BATCH }, (_, i): EventInit => {
      const amount = Math.floor((Math.random() - 0.3) * 1e9);
      sum += BigInt(amount);
      return {
        name: "tick",
        userId: `u${(at * 7 + i) % 50}`,
        ...(hasIds && { eventId: `${name}-${at}-${i}` }),
        ...(hasTimes && { time: timestampFromMs(nowMs - i) }),
        properties: { producer: name, amount: amount / MILLION },
      };
    });
    const batch = { sequence: BigInt(at + 1), events, sum };
    this.#batches.push(batch);
    return batch;
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
