import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { EVENT_LIMITS } from "../event/event-limits.ts";
import { RECORD_HEADER_BYTES, SEGMENT_HEADER, writeRecord } from "./segment-format.ts";

const RECORD_BYTES_MAX = RECORD_HEADER_BYTES + EVENT_LIMITS.eventBytes + 8;
const OPEN = ".open";
const SEALED = ".segment";
const scratch = new Uint8Array(RECORD_BYTES_MAX);

/** What a file name of a spool says. */
export type SegmentName = { readonly number: number; readonly count: number | undefined };

/** A file of events. Its name says how many there are, once it is sealed. */
export class Segment {
  readonly number: number;
  /** Whether its events are in memory too. */
  isLoaded: boolean;
  /** Batches of it in memory that are not settled. */
  unsettled = 0;
  #path: string;
  #fd: number | undefined;
  #bytes: number;
  #count: number;
  #isDirty = false;

  constructor(number: number, path: string, fd: number | undefined, count: number, bytes: number) {
    this.number = number;
    this.#path = path;
    this.#fd = fd;
    this.#count = count;
    this.#bytes = bytes;
    this.isLoaded = fd !== undefined;
  }

  /** Begins a file. */
  static create(directory: string, number: number): Segment {
    const path = join(directory, `${padded(number)}${OPEN}`);
    // Appending, so that what is written after a truncation goes where the file ends.
    const fd = openSync(path, "ax", 0o600);
    const segment = new Segment(number, path, fd, 0, 0);
    try {
      segment.#write(SEGMENT_HEADER);
    } catch (thrown) {
      // On a full disk this is tried again and again.
      segment.remove();
      throw thrown;
    }
    return segment;
  }

  /** A sealed file that was there before. */
  static found(path: string, number: number, count: number, bytes: number): Segment {
    return new Segment(number, path, undefined, count, bytes);
  }

  get path(): string {
    return this.#path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many events were written. */
  get count(): number {
    return this.#count;
  }

  get isSealed(): boolean {
    return this.#fd === undefined;
  }

  /** Appends a frame: when this returns, it outlives the process; with `sync`, the machine too. */
  append(frame: Uint8Array, sync: boolean): void {
    this.#write(scratch.subarray(0, writeRecord(scratch, frame)), sync);
    this.#isDirty ||= !sync;
    this.#count++;
  }

  /** Writes all of the bytes, or none: a torn record would hide what comes behind it. */
  #write(bytes: Uint8Array, sync = false): void {
    const fd = this.#fd!;
    try {
      // A full disk takes a part.
      if (writeSync(fd, bytes) !== bytes.length) throw new Error("the disk is full");
      if (sync) fdatasyncSync(fd);
    } catch (thrown) {
      ftruncateSync(fd, this.#bytes);
      throw thrown;
    }
    this.#bytes += bytes.length;
  }

  /** Brings what was written to the disk, without waiting; `onError` is told when that fails. */
  sync(onError: (thrown: unknown) => void): void {
    if (!this.#isDirty || this.#fd === undefined) return;
    this.#isDirty = false;
    fdatasync(this.#fd, (error) => {
      if (error !== null) onError(error);
    });
  }

  /** Forgets the events: all of them are settled. */
  clear(): void {
    ftruncateSync(this.#fd!, SEGMENT_HEADER.length);
    this.#bytes = SEGMENT_HEADER.length;
    this.#count = 0;
  }

  /** Ends writing. */
  seal(sync: boolean): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      if (sync) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    const path = sealedPath(this.#path, this.number, this.#count);
    renameSync(this.#path, path);
    this.#path = path;
  }

  /** Removes the file. */
  remove(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.#path, { force: true });
  }
}

/** What a name says; undefined when it is no segment's. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, number, , count] = /^(\d+)(-(\d+)\.segment|\.open|\.taken)$/.exec(name) ?? [];
  if (number === undefined) return undefined;
  return { number: Number(number), count: count === undefined ? undefined : Number(count) };
}

/** The path of a sealed segment beside another file. */
export function sealedPath(beside: string, number: number, count: number): string {
  return join(beside, "..", `${padded(number)}-${count}${SEALED}`);
}

function padded(number: number): string {
  return String(number).padStart(8, "0");
}
