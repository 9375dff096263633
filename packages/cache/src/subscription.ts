import { Failure } from "@millrace/failure";
import type { ChannelMessage } from "./cache.ts";

/** The messages of a channel that one listener has not taken yet, within a bound. */
export class Subscription implements AsyncIterable<ChannelMessage> {
  readonly #maxBytes: number;
  readonly #onEnd: (subscription: Subscription) => void;
  #queue: ChannelMessage[] = [];
  #bytes = 0;
  #failure: Failure | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param maxBytes of payloads that may wait @param onEnd called once, when no more messages are taken */
  constructor(maxBytes: number, onEnd: (subscription: Subscription) => void) {
    this.#maxBytes = maxBytes;
    this.#onEnd = onEnd;
  }

  /** Adds a message, or ends the subscription with `exhausted` when the listener is too far behind. */
  push(message: ChannelMessage): void {
    if (this.#ended) return;
    if (this.#bytes + message.payload.length > this.#maxBytes) {
      const text = `The listener of ${message.channel} fell more than ${this.#maxBytes} bytes behind.`;
      this.fail(new Failure("exhausted", "OVERLOADED", text));
      return;
    }
    // A message without payload takes room as well.
    this.#bytes += message.payload.length + 64;
    this.#queue.push(message);
    this.#wake?.();
  }

  /** Ends it with a failure, and without the messages that wait: what the listener gets then is no gap. */
  fail(failure: Failure): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.#queue = [];
    this.end();
  }

  /** Ends it after the messages that wait. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(this);
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelMessage> {
    try {
      for (;;) {
        const messages = this.#queue;
        this.#queue = [];
        this.#bytes = 0;
        yield* messages;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#queue.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.end();
    }
  }
}
