import { frameEnd } from "../event/event-frames.ts";

const FIRST_BYTES = 2048;

/** Events that are sent together: frames of a StreamRequest, one behind the other. */
export class Batch {
  /** The batch's place in the client's series, from 1: the message's sequence on streams. */
  readonly sequence: number;
  /** How often it was sent. */
  attempts = 0;
  #bytes: Uint8Array;
  #start = 0;
  #end = 0;
  #count = 0;

  constructor(sequence: number, expectedBytes = FIRST_BYTES) {
    this.sequence = sequence;
    this.#bytes = new Uint8Array(Math.max(expectedBytes, FIRST_BYTES));
  }

  /** A batch of frames that are there already. */
  static of(sequence: number, frames: Uint8Array, count: number): Batch {
    const batch = new Batch(sequence, 0);
    batch.replace(frames, count);
    return batch;
  }

  /** How many events there are. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes the frames have. */
  get byteLength(): number {
    return this.#end - this.#start;
  }

  /** The frames; not to be changed. */
  get frames(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Adds a frame, which is copied. */
  append(frame: Uint8Array): void {
    const end = this.#end + frame.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = larger;
    }
    this.#bytes.set(frame, this.#end);
    this.#end = end;
    this.#count++;
  }

  /** Takes the oldest event away; gives its bytes. */
  dropFirst(): number {
    const next = frameEnd(this.#bytes, this.#start, this.#end);
    const dropped = next - this.#start;
    this.#start = next;
    this.#count--;
    return dropped;
  }

  /** Puts other frames in place of these: what is left to be sent of them. */
  replace(frames: Uint8Array, count: number): void {
    this.#bytes = frames;
    this.#start = 0;
    this.#end = frames.length;
    this.#count = count;
  }

  /** Gives back memory that no event uses. */
  trim(): void {
    if (this.byteLength * 2 < this.#bytes.length) this.replace(this.frames.slice(), this.#count);
  }
}
