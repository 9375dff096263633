import { Failure } from "@millrace/failure";
import { tooLarge } from "../request-body.ts";

const HEAD_BYTES = 5;
/** Buffers for messages that came in pieces, used again by whatever stream needs one: new ones cost garbage collections. */
const SPARE_BYTES = 256 * 1024;
const SPARES_MAX = 16;
const spares: Buffer[] = [];

/**
 * Finds the messages in the body of a gRPC call as it comes in pieces. A message that lies whole in one piece is given
 * as a view of it; others are put together in one buffer. Call `readHead` until `hasHead`, then `readBody` until it
 * gives the message; `letGo` of it before the next.
 */
export class GrpcFrames {
  /** Whether the head of a message was read, and its body was not. */
  hasHead = false;
  /** Of the message at hand: its length on the wire, and whether it is compressed. */
  length = 0;
  isCompressed = false;

  readonly #maxBytes: number;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headLength = 0;
  #body: Buffer | undefined;
  #bodyLength = 0;

  /** @param maxBytes the largest message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether part of a message was read. */
  get isWithin(): boolean {
    return this.hasHead || this.#headLength > 0;
  }

  /**
   * Reads a head's bytes from `chunk[at..)`; gives where it ends.
   *
   * @throws Failure `invalid`: REQUEST_MALFORMED, MESSAGE_TOO_LARGE
   */
  readHead(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + HEAD_BYTES - this.#headLength);
    chunk.copy(this.#head, this.#headLength, at, end);
    this.#headLength += end - at;
    if (this.#headLength < HEAD_BYTES) return end;
    this.#headLength = 0;
    if (this.#head[0]! > 1) throw new Failure("invalid", "REQUEST_MALFORMED", "The body is not well-formed gRPC.");
    this.length = this.#head.readUInt32BE(1);
    if (this.length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    this.isCompressed = this.#head[0] === 1;
    this.hasHead = true;
    return end;
  }

  /** Where the body's bytes in `chunk[at..)` end; `message` is set when that completes it. */
  readBody(chunk: Buffer, at: number): number {
    const missing = this.length - this.#bodyLength;
    const end = Math.min(chunk.length, at + missing);
    if (this.#body === undefined && end - at === this.length) {
      this.message = chunk.subarray(at, end);
      this.hasHead = false;
      return end;
    }
    this.#body ??= this.length > SPARE_BYTES ? Buffer.allocUnsafeSlow(this.length) : takeSpare();
    chunk.copy(this.#body, this.#bodyLength, at, end);
    this.#bodyLength += end - at;
    if (this.#bodyLength === this.length) {
      this.message = this.#body.subarray(0, this.length);
      this.#bodyLength = 0;
      this.hasHead = false;
    }
    return end;
  }

  /** The message that `readBody` has completed. */
  message: Buffer | undefined;

  /** The message was read: its bytes may be overwritten. */
  letGo(): void {
    this.message = undefined;
    if (this.#body?.length === SPARE_BYTES && spares.length < SPARES_MAX) spares.push(this.#body);
    this.#body = undefined;
  }
}

function takeSpare(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES);
}
