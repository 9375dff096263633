import { Failure } from "@millrace/failure";
import type { EventBuffer } from "./buffer/event-buffer.ts";
import type { Clock, Timer } from "./clock.ts";
import { EventWriter } from "./event/event-writer.ts";
import { Unacceptable } from "./event/unacceptable.ts";
import type { IssueReporter } from "./issue.ts";
import type { Flushed, FlushOptions } from "./millrace.ts";
import type { Sender } from "./send/sender.ts";
import type { Counters, Stats } from "./stats.ts";
import type { EventDefaults, EventOptions, Properties } from "./track.ts";

/** What a producer is made of. */
export type ProducerDeps = {
  readonly buffer: EventBuffer;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly issues: IssueReporter;
  readonly batchDelayMs: number;
  /** Whether what is not sent at the end is kept for the next process. */
  readonly keepsRest: boolean;
};

const FLUSH_MS = 10_000;
const CLOSED = "The client was closed.";

/** Takes events, and sees to it that they are sent: what a client and all its scopes share. */
export class Producer {
  readonly #deps: ProducerDeps;
  readonly #writer = new EventWriter();
  #timer: Timer | undefined;
  readonly #closers: (() => void)[] = [];
  #willPump = false;
  #closing: Promise<Flushed> | undefined;
  #isClosed = false;

  constructor(deps: ProducerDeps) {
    this.#deps = deps;
  }

  /** See {@link Millrace.track}. */
  track(
    name: string,
    properties: Properties | undefined,
    options: EventOptions | undefined,
    defaults: EventDefaults,
  ): boolean {
    const { buffer, clock, counters } = this.#deps;
    counters.tracked++;
    if (this.#isClosed) return this.#drop("CLOSED", CLOSED);
    let isTaken: boolean;
    try {
      isTaken = buffer.append(this.#writer.write(name, properties, options, defaults, clock.now()));
    } catch (thrown) {
      return this.#refuse(name, thrown);
    }
    if (buffer.peek() !== undefined) this.wake();
    else this.#timer ??= clock.after(this.#deps.batchDelayMs, () => this.sendNow());
    return isTaken;
  }

  /** See {@link Millrace.ready}. */
  async ready(): Promise<void> {
    const { buffer, clock } = this.#deps;
    const room = buffer.whenRoom();
    if (room === undefined) return;
    // Who waits still has something to do.
    const hold = clock.after(Number.POSITIVE_INFINITY, () => {}, true);
    await room;
    hold.cancel();
  }

  async flush({ timeoutMs = FLUSH_MS }: FlushOptions = {}): Promise<Flushed> {
    const { buffer, sender, issues } = this.#deps;
    buffer.seal();
    const isDone = buffer.mark();
    sender.pump();
    await sender.hurry(isDone, timeoutMs);
    issues.flush();
    return { pending: this.pending };
  }

  close(options?: FlushOptions): Promise<Flushed> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** How many events are not known to be durable. */
  get pending(): number {
    const { queued, inFlight } = this.#deps.buffer.counts;
    return queued + inFlight;
  }

  stats(): Stats {
    const { buffer, counters } = this.#deps;
    const { queued, inFlight, bytes, spooledBytes } = buffer.counts;
    const { tracked, recovered, accepted, duplicate, rejected, dropped, retries, trouble } = counters;
    return {
      tracked,
      recovered,
      queued,
      inFlight,
      bufferedBytes: bytes,
      spooledBytes,
      accepted,
      duplicate,
      rejected,
      dropped,
      retries,
      ...(trouble !== undefined && { trouble }),
    };
  }

  async #close(options?: FlushOptions): Promise<Flushed> {
    const { buffer, sender, issues } = this.#deps;
    const flushed = this.flush(options);
    this.#isClosed = true;
    await flushed;
    this.#timer?.cancel();
    for (const run of this.#closers) run();
    sender.close();
    const { pending } = this;
    if (!this.#deps.keepsRest) {
      if (pending > 0) this.#drop("CLOSED", "The client was closed before they could be sent.", pending);
      for (let batch = buffer.take(); batch !== undefined; batch = buffer.take()) buffer.settle(batch);
    }
    buffer.close();
    issues.flush();
    return { pending };
  }

  /** Sends what there is, without waiting for more. */
  sendNow(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#deps.buffer.seal();
    this.#deps.sender.pump();
  }

  /** Registers what is to be done when the client is closed. */
  onClose(run: () => void): void {
    this.#closers.push(run);
  }

  /** Sends when the caller is done, so that `track` stays quick. */
  wake(): void {
    if (this.#willPump) return;
    this.#willPump = true;
    queueMicrotask(() => {
      this.#willPump = false;
      this.#deps.sender.pump();
    });
  }

  #refuse(name: unknown, thrown: unknown): false {
    const { counters, issues } = this.#deps;
    const reason = thrown instanceof Failure ? thrown.reason : "EVENT_MALFORMED";
    const field = thrown instanceof Unacceptable ? thrown.field : undefined;
    const event = typeof name === "string" && name !== "" ? `"${name.slice(0, 64)}": ` : "";
    const message = `${event}${thrown instanceof Error ? thrown.message : "it could not be read"}`;
    counters.reject(reason, 1);
    issues.report({ kind: "rejected", reason, message, count: 1, field });
    return false;
  }

  #drop(reason: string, message: string, count = 1): false {
    this.#deps.counters.drop(reason, count);
    this.#deps.issues.report({ kind: "dropped", reason, message, count });
    return false;
  }
}
