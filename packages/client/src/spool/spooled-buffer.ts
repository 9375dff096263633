import { readFileSync } from "node:fs";
import type { Batch } from "../buffer/batch.ts";
import type { BufferCounts, BufferDeps, EventBuffer } from "../buffer/event-buffer.ts";
import { MemoryBuffer } from "../buffer/memory-buffer.ts";
import type { Timer } from "../clock.ts";
import { takeOver } from "./leftovers.ts";
import { OwnedFolder } from "./owner.ts";
import { portionsOf } from "./portions.ts";
import { Segment } from "./segment.ts";
import { readSegment } from "./segment-format.ts";

/** When what is written is brought to the disk itself, and so outlives the machine's power. */
export type Fsync = "never" | "interval" | "always";

/** How a spool is kept. */
export type SpoolSettings = {
  readonly directory: string;
  readonly maxBytes: number;
  readonly fsync: Fsync;
};

/** What a spooled buffer is made of. */
export type SpoolDeps = BufferDeps & { readonly settings: SpoolSettings };

const SEGMENT_BYTES_MAX = 1024 * 1024;
const SEGMENTS_MIN = 8;
const SYNC_MS = 100;
const BROKEN_MS = 1000;
const LOOK_MS = 15_000;

/**
 * A buffer whose events are written to files first, and stay there until they are settled. What fits is in memory too and
 * is sent from there; the rest is read again when its turn comes. A segment is in memory whole, or not at all.
 */
export class SpooledBuffer implements EventBuffer {
  readonly #deps: SpoolDeps;
  readonly #memory: MemoryBuffer;
  readonly #folder: OwnedFolder;
  readonly #segmentBytes: number;
  readonly #segmentOf = new Map<Batch, Segment>();
  /** Oldest first; the last may be the one that is written. */
  #segments: Segment[] = [];
  #active: Segment | undefined;
  /** Whether the last event is in memory alone. */
  #isUnspooled = false;
  /** Where batches that are made now belong. */
  #filling: Segment | undefined;
  #lastNumber = 0;
  #brokenUntilMs = Number.NEGATIVE_INFINITY;
  /** Of all files. */
  #bytes = 0;
  #timers: Timer[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(deps: SpoolDeps) {
    this.#deps = deps;
    const { settings, limits } = deps;
    this.#segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.floor(settings.maxBytes / SEGMENTS_MIN));
    // Room is looked at here, segment by segment.
    const memoryLimits = { ...limits, overflow: "drop-newest" as const };
    this.#memory = new MemoryBuffer(memoryLimits, deps.onDropped, (batch) => this.#onBatch(batch));
    this.#folder = new OwnedFolder(settings.directory);
    this.#takeOver();
    this.#every(LOOK_MS, () => this.#look());
    if (settings.fsync === "interval") {
      this.#every(SYNC_MS, () => this.#active?.sync(deps.onUnspooled));
    }
  }

  get counts(): BufferCounts {
    const { queued, inFlight, bytes } = this.#memory.counts;
    const unloaded = this.#segments.reduce((sum, { isLoaded, count }) => sum + (isLoaded ? 0 : count), 0);
    return { queued: queued + unloaded, inFlight, bytes, spooledBytes: this.#bytes };
  }

  append(frame: Uint8Array): boolean {
    if (!this.#makeRoom(frame.length)) {
      this.#deps.onDropped("SPOOL_FULL", 1);
      return false;
    }
    if (this.#deps.clock.elapsed() < this.#brokenUntilMs) return this.#appendUnspooled(frame);
    let active: Segment;
    try {
      active = this.#activeFor(frame.length);
      const bytesBefore = active.bytes;
      active.append(frame, this.#deps.settings.fsync === "always");
      this.#bytes += active.bytes - bytesBefore;
    } catch (thrown) {
      this.#deps.onUnspooled(thrown);
      // What was written in part would hide what comes behind it; and a disk that is full stays so for a while.
      this.#brokenUntilMs = this.#deps.clock.elapsed() + BROKEN_MS;
      this.#roll();
      return this.#appendUnspooled(frame);
    }
    if (!active.isLoaded) return true;
    this.#sealBetween(false);
    this.#filling = active;
    const isTaken = this.#memory.append(frame);
    this.#filling = undefined;
    return isTaken;
  }

  seal(): void {
    this.#memory.seal();
  }

  peek(): Batch | undefined {
    if (this.#memory.peek() === undefined) this.#load();
    return this.#memory.peek();
  }

  take(): Batch | undefined {
    return this.#memory.take();
  }

  giveBack(batch: Batch): void {
    this.#memory.giveBack(batch);
  }

  settle(batch: Batch): void {
    this.#memory.settle(batch);
    const segment = this.#segmentOf.get(batch);
    if (segment === undefined) return;
    this.#segmentOf.delete(batch);
    segment.unsettled--;
    this.#letGo(segment);
  }

  mark(): () => boolean {
    const isMemoryDone = this.#memory.mark();
    const unloaded = this.#segments.filter(({ isLoaded }) => !isLoaded);
    return () => isMemoryDone() && !unloaded.some((segment) => this.#segments.includes(segment));
  }

  whenRoom(): Promise<void> | undefined {
    if (this.#hasRoomFor(0) || this.#isClosed) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tellRoom();
    for (const timer of this.#timers) timer.cancel();
    this.#dropUnspooled();
    const active = this.#active;
    this.#safely(() => {
      if (active !== undefined && active.count === 0) active.remove();
      else active?.seal(this.#deps.settings.fsync !== "never");
    });
    this.#safely(() => this.#folder.release());
  }

  /** Better known to be in memory alone than lost. */
  #appendUnspooled(frame: Uint8Array): boolean {
    this.#sealBetween(true);
    return this.#memory.append(frame);
  }

  /** No batch has events of both kinds: no file waits for those that are in memory alone. */
  #sealBetween(isUnspooled: boolean): void {
    if (this.#isUnspooled !== isUnspooled) this.#memory.seal();
    this.#isUnspooled = isUnspooled;
  }

  /** Lets go at the end what is in no file. */
  #dropUnspooled(): void {
    this.#memory.seal();
    const spooled: Batch[] = [];
    for (let batch = this.#memory.take(); batch !== undefined; batch = this.#memory.take()) {
      if (this.#segmentOf.has(batch)) {
        spooled.push(batch);
        continue;
      }
      this.#memory.settle(batch);
      this.#deps.onDropped("SPOOL_FAILED", batch.count);
    }
    for (const batch of spooled) this.#memory.giveBack(batch);
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#deps.settings.maxBytes;
  }

  /** Drops the oldest file that is not in memory, where the policy is such. */
  #makeRoom(bytes: number): boolean {
    if (this.#hasRoomFor(bytes)) return true;
    if (this.#deps.limits.overflow !== "drop-oldest") return false;
    const oldest = this.#segments.find(({ isLoaded, isSealed }) => !isLoaded && isSealed);
    if (oldest === undefined) return false;
    this.#remove(oldest);
    this.#deps.onDropped("SPOOL_FULL", oldest.count);
    return this.#hasRoomFor(bytes);
  }

  /** The file to be written, another one when it is full or is to be in memory no longer. */
  #activeFor(bytes: number): Segment {
    const active = this.#active;
    if (active !== undefined) {
      const isFull = active.bytes + bytes > this.#segmentBytes;
      const leavesMemory = active.isLoaded && !this.#memory.hasRoomFor(bytes);
      if (!isFull && !leavesMemory) return active;
      this.#roll();
    }
    const segment = Segment.create(this.#folder.path, ++this.#lastNumber);
    // Older ones that wait on disk go first.
    segment.isLoaded = this.#memory.hasRoomFor(bytes) && this.#segments.every(({ isLoaded }) => isLoaded);
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#active = segment;
    return segment;
  }

  #roll(): void {
    const active = this.#active;
    if (active === undefined) return;
    this.#memory.seal();
    this.#active = undefined;
    this.#safely(() => active.seal(this.#deps.settings.fsync !== "never"));
    this.#letGo(active);
  }

  /** Reads the oldest file that is not in memory, where there is room. */
  #load(): void {
    const oldest = this.#segments.find(({ isLoaded }) => !isLoaded);
    if (oldest === undefined || this.#isClosed) return;
    const { inFlight } = this.#memory.counts;
    if (inFlight > 0 && !this.#memory.hasRoomFor(oldest.bytes)) return;
    if (oldest === this.#active) this.#roll();
    oldest.isLoaded = true;
    const content = this.#read(oldest);
    if (content.count < oldest.count) this.#deps.onDropped("SPOOL_DAMAGED", oldest.count - content.count);
    this.#filling = oldest;
    for (const { frames, count } of portionsOf(content, this.#deps.limits)) this.#memory.appendBatch(frames, count);
    this.#filling = undefined;
    this.#letGo(oldest);
  }

  #read({ path }: Segment): ReturnType<typeof readSegment> {
    try {
      return readSegment(readFileSync(path));
    } catch {
      return { frames: new Uint8Array(), count: 0, starts: [] };
    }
  }

  #onBatch(batch: Batch): void {
    if (this.#filling === undefined) return;
    this.#segmentOf.set(batch, this.#filling);
    this.#filling.unsettled++;
  }

  /** Removes a file that nothing needs any more, or empties the one that is written. */
  #letGo(segment: Segment): void {
    if (!segment.isLoaded || segment.unsettled > 0) return;
    if (segment.isSealed) {
      this.#remove(segment);
    } else if (segment.count > 0) {
      this.#bytes -= segment.bytes;
      this.#safely(() => segment.clear());
      this.#bytes += segment.bytes;
    }
    this.#tellRoom();
  }

  #remove(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
    this.#bytes -= segment.bytes;
    this.#safely(() => segment.remove());
  }

  /** Files may be taken away under it; what is done with them must not fail those who track and send. */
  #safely(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#deps.onUnspooled(thrown);
    }
  }

  /** Makes the files of dead processes its own. */
  #takeOver(): number {
    let count = 0;
    for (const orphan of this.#folder.orphans(this.#deps.clock.now())) {
      const found = takeOver(orphan, this.#folder.path, () => ++this.#lastNumber);
      for (const segment of found) {
        count += segment.count;
        this.#bytes += segment.bytes;
      }
      // What is older goes first, but never behind the one that is written.
      this.#segments.unshift(...found);
    }
    this.#deps.counters.recovered += count;
    return count;
  }

  #look(): void {
    this.#safely(() => {
      this.#folder.touch(this.#deps.clock.now());
      if (this.#takeOver() > 0) this.#deps.onFound();
    });
  }

  #every(ms: number, run: () => void): void {
    const at = this.#timers.length;
    const again = (): void => {
      run();
      this.#timers[at] = this.#deps.clock.after(ms, again);
    };
    this.#timers.push(this.#deps.clock.after(ms, again));
  }

  #tellRoom(): void {
    if (!this.#hasRoomFor(0) && !this.#isClosed) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
