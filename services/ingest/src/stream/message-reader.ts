import type { ServerHttp2Stream } from "node:http2";
import { gunzipSync } from "node:zlib";
import { Failure } from "@millrace/failure";
import type { Admission } from "../admission.ts";
import { BATCH_LIMITS } from "../event-limits.ts";
import { tooLarge } from "../request-body.ts";
import { GrpcFrames } from "./grpc-frames.ts";
import type { StreamSession } from "./stream-session.ts";

/**
 * Hands the messages of a gRPC stream to a session until it ends. While there is no room the stream is not read, and
 * HTTP/2 holds the producer back. For one reading.
 */
export class MessageReader {
  readonly #stream: ServerHttp2Stream;
  readonly #session: StreamSession;
  readonly #admission: Admission;
  readonly #isGzip: boolean;
  readonly #frames = new GrpcFrames(BATCH_LIMITS.messageBytes);
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  /** Admitted for a message that is not complete. */
  #admitted = 0;
  #isWaiting = false;
  #hasEnded = false;

  /** @param isGzip whether messages that are compressed are so by gzip */
  constructor(stream: ServerHttp2Stream, session: StreamSession, admission: Admission, isGzip: boolean) {
    this.#stream = stream;
    this.#session = session;
    this.#admission = admission;
    this.#isGzip = isGzip;
  }

  /**
   * Reads until the session has ended.
   *
   * @throws Failure `invalid` for what can't be read, `cancelled` when the producer is gone
   */
  async read(): Promise<void> {
    const stream = this.#stream;
    // It may have gone while it was found out who it is; no event comes then.
    if (stream.destroyed) throw gone();
    stream.on("data", this.#onData).on("end", this.#onEnd);
    stream.on("aborted", this.#onGone).on("close", this.#onGone).on("error", this.#onGone);
    try {
      await Promise.race([this.#session.ended, this.#failed.promise]);
    } finally {
      this.#stop.abort();
      stream.off("data", this.#onData).off("end", this.#onEnd);
      stream.off("aborted", this.#onGone).off("close", this.#onGone);
      stream.pause();
      this.#admission.release(this.#admitted);
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#take(chunk, 0);
    } catch (thrown) {
      this.#failed.reject(thrown);
    }
  };

  // The end may be told while the last piece waits.
  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (!this.#isWaiting) this.#finish();
  };

  readonly #onGone = (): void => this.#failed.reject(gone());

  /** Takes the messages in `chunk[from..)`, as far as there is room. */
  #take(chunk: Buffer, from: number): void {
    const frames = this.#frames;
    let at = from;
    while (!this.#session.hasEnded && !this.#stop.signal.aborted) {
      if (!frames.hasHead) {
        if (at === chunk.length) return;
        at = frames.readHead(chunk, at);
        if (!frames.hasHead) return;
        const needed = frames.isCompressed ? BATCH_LIMITS.messageBytes : frames.length;
        if (!this.#admission.tryTake(needed)) {
          this.#waitForRoom(needed, chunk, at);
          return;
        }
        this.#admitted = needed;
      }
      at = frames.readBody(chunk, at);
      const { message } = frames;
      if (message === undefined) return;
      this.#handOver(message);
      frames.letGo();
    }
  }

  #waitForRoom(needed: number, chunk: Buffer, at: number): void {
    this.#isWaiting = true;
    this.#stream.pause();
    this.#admission
      .whenRoom(needed, this.#stop.signal)
      .then(() => {
        this.#isWaiting = false;
        this.#admitted = needed;
        this.#take(chunk, at);
        if (this.#isWaiting || this.#stop.signal.aborted) return;
        if (this.#hasEnded) this.#finish();
        else this.#stream.resume();
      })
      .catch((thrown) => {
        if (!this.#stop.signal.aborted) this.#failed.reject(thrown);
      });
  }

  #handOver(message: Buffer): void {
    const bytes = this.#frames.isCompressed ? gunzipMessage(message, this.#isGzip) : message;
    const settled = this.#session.take(bytes);
    const held = this.#admitted;
    this.#admitted = 0;
    void settled.then(() => this.#admission.release(held));
  }

  #finish(): void {
    if (!this.#frames.isWithin) this.#session.end("COMPLETE");
    else this.#failed.reject(new Failure("invalid", "REQUEST_MALFORMED", "The stream ends within a message."));
  }
}

function gone(): Failure {
  return new Failure("cancelled", "CANCELLED", "The producer gave up.");
}

function gunzipMessage(message: Buffer, isGzip: boolean): Buffer {
  if (!isGzip) throw new Failure("invalid", "REQUEST_MALFORMED", "A message is compressed, by nothing that was named.");
  try {
    return gunzipSync(message, { maxOutputLength: BATCH_LIMITS.messageBytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(BATCH_LIMITS.messageBytes);
    }
    throw new Failure("invalid", "REQUEST_MALFORMED", "A message is not valid gzip.", { cause });
  }
}
