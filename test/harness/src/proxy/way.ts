import type { Socket } from "node:net";
import type { Manner } from "./manner.ts";

/** Past so many waiting bytes nothing more is read, so that the sender feels it. */
const WAITING_BYTES_MAX = 256 * 1024;

/** A throttled line gives its bytes in so many portions a second. */
const PORTIONS_PER_SECOND = 20;

type Chunk = { bytes: Buffer; readonly due: number };

/** What a way tells the connection that it belongs to. */
export type WayEvents = {
  /** So many bytes went on. */
  readonly onBytes: (count: number) => void;
  /** The connection is to be reset now. */
  readonly onReset: () => void;
  readonly random: () => number;
};

/** One direction of a connection: takes bytes from a socket, and gives them to the other in the manner of the moment. */
export class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #events: WayEvents;
  #manner: Manner;
  #waiting: Chunk[] = [];
  #waitingBytes = 0;
  #finish: "end" | "reset" | undefined;
  #isFinished = false;
  #isSpoiled = false;
  #isFull = false;
  #passedBytes = 0;
  #readyAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, manner: Manner, events: WayEvents) {
    this.#from = from;
    this.#to = to;
    this.#manner = manner;
    this.#events = events;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => this.#onFinish("end"));
    from.on("close", (hadError: boolean) => this.#onFinish(hadError || !from.readableEnded ? "reset" : "end"));
    to.on("drain", () => {
      this.#isFull = false;
      this.#step();
    });
    to.on("close", () => clearTimeout(this.#timer));
  }

  /** Goes on in another manner. What waited is given in it too. Resets the connection when bytes of it are missing. */
  become(manner: Manner): void {
    this.#manner = manner;
    this.#passedBytes = 0;
    this.#readyAt = 0;
    if (this.#isSpoiled && manner.flow !== "swallow") this.#events.onReset();
    else this.#step();
  }

  #take(bytes: Buffer): void {
    const { latencyMs = 0, jitterMs = 0 } = this.#manner;
    const due = performance.now() + latencyMs + jitterMs * this.#events.random();
    this.#waiting.push({ bytes, due: Math.max(due, this.#waiting.at(-1)?.due ?? 0) });
    this.#waitingBytes += bytes.length;
    this.#step();
  }

  #onFinish(how: "end" | "reset"): void {
    if (this.#finish !== "reset") this.#finish = how;
    this.#step();
  }

  /** Does all that can be done now, and sees to it that it is called when more can be. */
  #step(): void {
    clearTimeout(this.#timer);
    while (!this.#isFull && this.#manner.flow !== "hold") {
      const [head] = this.#waiting;
      if (head === undefined) {
        this.#pass();
        break;
      }
      const waitMs = Math.max(head.due, this.#readyAt) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#step(), waitMs);
        break;
      }
      if (!this.#give(head)) return;
    }
    if (this.#waitingBytes >= WAITING_BYTES_MAX) this.#from.pause();
    else this.#from.resume();
  }

  /** Lets a portion go on; false when the connection was reset with it. */
  #give(head: Chunk): boolean {
    const { flow, bytesPerSecond, resetAfterBytes = Number.POSITIVE_INFINITY } = this.#manner;
    const portion = bytesPerSecond === undefined ? head.bytes.length : Math.ceil(bytesPerSecond / PORTIONS_PER_SECOND);
    const bytes = head.bytes.subarray(0, Math.min(portion, Math.max(0, resetAfterBytes - this.#passedBytes)));
    head.bytes = head.bytes.subarray(bytes.length);
    if (head.bytes.length === 0) this.#waiting.shift();
    this.#waitingBytes -= bytes.length;
    this.#passedBytes += bytes.length;
    if (bytesPerSecond !== undefined) this.#readyAt = performance.now() + (bytes.length / bytesPerSecond) * 1000;
    if (flow === "swallow") this.#isSpoiled = true;
    else this.#write(bytes);
    if (this.#passedBytes < resetAfterBytes) return true;
    // The kernel drops what it has not sent of a connection that is reset.
    this.#to.write("", () => this.#events.onReset());
    this.#manner = { flow: "hold" };
    return false;
  }

  #write(bytes: Buffer): void {
    this.#events.onBytes(bytes.length);
    if (this.#to.writable) this.#isFull = !this.#to.write(bytes);
  }

  /** Hands on that the sender is gone, once all that it sent was given. */
  #pass(): void {
    if (this.#finish === undefined || this.#isFinished || this.#manner.flow === "swallow") return;
    if (this.#finish === "reset") {
      this.#isFinished = true;
      this.#to.resetAndDestroy();
    } else if (!this.#to.writableEnded) {
      this.#to.end();
    }
  }
}
