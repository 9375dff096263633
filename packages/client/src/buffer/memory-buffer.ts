import { Batch } from "./batch.ts";
import type { BufferCounts, BufferLimits, EventBuffer, OnDropped } from "./event-buffer.ts";

/** A buffer in memory. */
export class MemoryBuffer implements EventBuffer {
  readonly #limits: BufferLimits;
  readonly #onDropped: OnDropped;
  readonly #onBatch: (batch: Batch) => void;
  /** Closed batches that wait, by sequence. */
  readonly #closed: Batch[] = [];
  /** What each batch in flight was counted with. */
  readonly #inFlight = new Map<Batch, { readonly count: number; readonly bytes: number }>();
  #open: Batch | undefined;
  #queuedEvents = 0;
  #inFlightEvents = 0;
  #bytes = 0;
  #lastSequence = 0;
  #lastBatchBytes = 0;
  #waiting: (() => void)[] = [];

  /** @param onBatch told of each batch when it is begun */
  constructor(limits: BufferLimits, onDropped: OnDropped, onBatch: (batch: Batch) => void = () => {}) {
    this.#limits = limits;
    this.#onDropped = onDropped;
    this.#onBatch = onBatch;
  }

  get counts(): BufferCounts {
    return { queued: this.#queuedEvents, inFlight: this.#inFlightEvents, bytes: this.#bytes, spooledBytes: 0 };
  }

  peek(): Batch | undefined {
    return this.#closed[0];
  }

  mark(): () => boolean {
    const last = this.#lastSequence;
    return () => {
      const oldest = this.#closed[0] ?? this.#open;
      if (oldest !== undefined && oldest.sequence <= last) return false;
      for (const { sequence } of this.#inFlight.keys()) if (sequence <= last) return false;
      return true;
    };
  }

  close(): void {}

  /** Whether an event of so many bytes goes in without dropping another. */
  hasRoomFor(bytes: number): boolean {
    const events = this.#queuedEvents + this.#inFlightEvents;
    return events < this.#limits.events && this.#bytes + bytes <= this.#limits.bytes;
  }

  append(frame: Uint8Array): boolean {
    if (!this.hasRoomFor(frame.length) && !this.#makeRoom(frame.length)) {
      this.#onDropped("BUFFER_FULL", 1);
      return false;
    }
    let open = this.#open;
    if (open !== undefined && open.byteLength + frame.length > this.#limits.batchBytes) {
      this.seal();
      open = undefined;
    }
    if (open === undefined) {
      open = new Batch(++this.#lastSequence, this.#lastBatchBytes);
      this.#open = open;
      this.#onBatch(open);
    }
    open.append(frame);
    this.#queuedEvents++;
    this.#bytes += frame.length;
    if (open.count >= this.#limits.batchEvents) this.seal();
    return true;
  }

  /** Takes frames that were kept elsewhere, as a batch of their own, whatever the bounds. */
  appendBatch(frames: Uint8Array, count: number): void {
    this.seal();
    const batch = Batch.of(++this.#lastSequence, frames, count);
    this.#onBatch(batch);
    this.#closed.push(batch);
    this.#queuedEvents += count;
    this.#bytes += frames.length;
  }

  seal(): void {
    const open = this.#open;
    if (open === undefined || open.count === 0) return;
    this.#open = undefined;
    this.#lastBatchBytes = open.byteLength;
    open.trim();
    this.#closed.push(open);
  }

  take(): Batch | undefined {
    const batch = this.#closed.shift();
    if (batch === undefined) return undefined;
    this.#inFlight.set(batch, { count: batch.count, bytes: batch.byteLength });
    this.#queuedEvents -= batch.count;
    this.#inFlightEvents += batch.count;
    return batch;
  }

  giveBack(batch: Batch): void {
    this.#land(batch);
    this.#queuedEvents += batch.count;
    this.#bytes += batch.byteLength;
    let at = this.#closed.length;
    while (at > 0 && this.#closed[at - 1]!.sequence > batch.sequence) at--;
    this.#closed.splice(at, 0, batch);
    this.#tellRoom();
  }

  settle(batch: Batch): void {
    this.#land(batch);
    this.#tellRoom();
  }

  whenRoom(): Promise<void> | undefined {
    if (this.hasRoomFor(0)) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #land(batch: Batch): void {
    const counted = this.#inFlight.get(batch);
    if (counted === undefined) return;
    this.#inFlight.delete(batch);
    this.#inFlightEvents -= counted.count;
    this.#bytes -= counted.bytes;
  }

  /** Drops the oldest events that are not being sent, until there is room; false when that can't be had. */
  #makeRoom(bytes: number): boolean {
    if (this.#limits.overflow !== "drop-oldest" || bytes > this.#limits.bytes) return false;
    let dropped = 0;
    while (!this.hasRoomFor(bytes)) {
      const oldest = this.#closed[0] ?? this.#open;
      if (oldest === undefined) break;
      this.#bytes -= oldest.dropFirst();
      this.#queuedEvents--;
      dropped++;
      if (oldest.count > 0) continue;
      if (oldest === this.#open) this.#open = undefined;
      else this.#closed.shift();
    }
    if (dropped > 0) this.#onDropped("BUFFER_FULL", dropped);
    return this.hasRoomFor(bytes);
  }

  #tellRoom(): void {
    if (this.#waiting.length === 0 || !this.hasRoomFor(0)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
