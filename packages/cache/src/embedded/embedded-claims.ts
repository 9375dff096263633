import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import type { CallOptions, ClaimBatch, ClaimStore } from "../cache.ts";
import { checkBatch, checkSlots } from "../claim-batch.ts";
import { CLAIM_ID_BYTES } from "../claim-format.ts";
import { POSITION_BYTES } from "../position.ts";
import { type ClaimPage, wordsOf } from "./claim-page.ts";
import { BUCKETS, ClaimTable, type Slot } from "./claim-table.ts";

const ID_WORDS = CLAIM_ID_BYTES / 4;
const POSITION_WORDS = POSITION_BYTES / 4;
const DEFAULT_RESIDENT_BYTES = 112 << 20;
/** What is evicted at once, so that pages are seldom sorted by their use. */
const EVICT_TO = 0.9;
/** A transaction holds up the event loop, so its time is bounded. */
const MAX_TRANSACTION_CLAIMS = 20_000;
const MAX_QUEUED_CLAIMS = 1_000_000;
const OVERLOAD_RETRY_MS = 200;
/** Slots are kept up to this much longer, so that a slot is not written anew for every call that touches it. */
const KEEP_ROUNDING_MS = 600_000;
/** Slots that one call of `expire` removes at most. */
const EXPIRE_SLOTS = 32;

/** What {@link openEmbeddedClaims} takes. */
export type EmbeddedClaimsOptions = {
  /** Where the file `claims.sqlite` lies; made when missing. ":memory:" keeps everything in memory, for tests. */
  readonly directory: string;
  /** The memory that loaded claims may take, 112 MiB by default. What one call needs is loaded in any case. */
  readonly maxResidentBytes?: number;
};

/** A change that waits for its transaction. */
type Request = {
  readonly count: number;
  readonly apply: () => void;
  readonly done: () => void;
  readonly failed: (error: Failure) => void;
};

/**
 * Opens the claims of one process. No other process can open the same directory meanwhile.
 *
 * @throws Failure `unavailable` when the directory is in use or cannot be written, `corrupt` when the file is damaged
 */
export async function openEmbeddedClaims(options: EmbeddedClaimsOptions): Promise<EmbeddedClaims> {
  try {
    return new EmbeddedClaims(new ClaimTable(options.directory), options.maxResidentBytes ?? DEFAULT_RESIDENT_BYTES);
  } catch (error) {
    throw sqliteFailure(error, "opening the store of claims");
  }
}

/** A {@link ClaimStore} in one SQLite file, for one process. Calls of the same turn share a transaction. */
export class EmbeddedClaims implements ClaimStore {
  readonly #table: ClaimTable;
  readonly #maxResidentBytes: number;
  #slots: Map<number, Slot>;
  #residentBytes = 0;
  #calls = 0;
  #touched: { readonly slot: Slot; readonly bucket: number; readonly page: ClaimPage; readonly bytes: number }[] = [];
  #queue: Request[] = [];
  #queuedClaims = 0;
  #scheduled = false;
  #closed = false;

  /** @private Use {@link openEmbeddedClaims}. */
  constructor(table: ClaimTable, maxResidentBytes: number) {
    this.#table = table;
    this.#maxResidentBytes = maxResidentBytes;
    this.#slots = table.slots();
  }

  /** About how many bytes of memory the loaded claims take. */
  get residentBytes(): number {
    return this.#residentBytes;
  }

  async claim(batch: ClaimBatch, keepUntilMs: number, options?: CallOptions): Promise<Uint8Array> {
    this.#check(batch, options);
    checkSlots(batch);
    const owners = new Uint8Array(batch.count * POSITION_BYTES);
    await this.#submit(batch.count, () => this.#claim(batch, keepUntilMs, wordsOf(owners)));
    return owners;
  }

  async lookup(batch: Omit<ClaimBatch, "positions">, options?: CallOptions): Promise<Uint8Array> {
    this.#check(batch, options);
    const owners = new Uint8Array(batch.count * POSITION_BYTES);
    const ids = wordsOf(batch.ids);
    const words = wordsOf(owners);
    try {
      this.#forEach(batch, undefined, (page, i) => page.lookup(ids, i * ID_WORDS, words, i * POSITION_WORDS));
      this.#settle(false);
    } catch (error) {
      this.#startOver();
      throw sqliteFailure(error, "reading the store of claims", "unknownOutcome");
    }
    return owners;
  }

  async release(batch: ClaimBatch, options?: CallOptions): Promise<void> {
    this.#check(batch, options);
    const ids = wordsOf(batch.ids);
    const positions = wordsOf(batch.positions);
    await this.#submit(batch.count, () => {
      this.#forEach(batch, undefined, (page, i) => page.release(ids, i * ID_WORDS, positions, i * POSITION_WORDS));
      this.#settle(true);
    });
  }

  async expire(nowMs: number, options?: CallOptions): Promise<number> {
    this.#check(undefined, options);
    let forgotten = 0;
    await this.#submit(1, () => {
      forgotten = this.#expire(nowMs);
    });
    return forgotten;
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#check(undefined, options);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    while (this.#queue.length > 0) this.#commit();
    this.#closed = true;
    this.#forgetPages();
    this.#table.close();
  }

  #claim(batch: ClaimBatch, keepUntilMs: number, owners: Uint32Array): void {
    const ids = wordsOf(batch.ids);
    const positions = wordsOf(batch.positions);
    this.#forEach(batch, keepUntilMs, (page, i) => {
      page.claim(ids, i * ID_WORDS, positions, i * POSITION_WORDS, owners);
    });
    this.#settle(true);
  }

  /** Visits the page of each claim. Without `keepUntilMs`, ids of slots that have no claims are passed over. */
  #forEach(
    batch: Omit<ClaimBatch, "positions">,
    keepUntilMs: number | undefined,
    visit: (page: ClaimPage, i: number) => void,
  ): void {
    this.#calls++;
    let slot: Slot | undefined;
    let slotOf: number | undefined;
    for (let i = 0; i < batch.count; i++) {
      const number = batch.slots[i]!;
      if (number !== slotOf) {
        slotOf = number;
        slot = this.#slots.get(number);
        if (keepUntilMs !== undefined) slot = this.#keepSlot(slot, number, keepUntilMs);
      }
      if (slot !== undefined) visit(this.#page(slot, batch.ids[i * CLAIM_ID_BYTES]! % BUCKETS), i);
    }
  }

  #keepSlot(slot: Slot | undefined, number: number, keepUntilMs: number): Slot {
    if (slot !== undefined && slot.keepUntilMs >= keepUntilMs) return slot;
    const rounded = Math.ceil(keepUntilMs / KEEP_ROUNDING_MS) * KEEP_ROUNDING_MS;
    if (slot !== undefined) {
      this.#table.extendSlot(slot, rounded);
      return slot;
    }
    const added = this.#table.addSlot(number, rounded);
    this.#slots.set(number, added);
    return added;
  }

  #page(slot: Slot, bucket: number): ClaimPage {
    let page = slot.pages[bucket];
    if (page === undefined) {
      page = this.#table.loadPage(slot, bucket);
      slot.pages[bucket] = page;
      this.#residentBytes += page.residentBytes;
    }
    if (page.usedAt !== this.#calls) {
      page.usedAt = this.#calls;
      this.#touched.push({ slot, bucket, page, bytes: page.residentBytes });
    }
    return page;
  }

  /** After a call: stores what it changed, and makes room. */
  #settle(changed: boolean): void {
    for (const { slot, bucket, page, bytes } of this.#touched) {
      if (changed) {
        this.#table.storePage(slot, bucket, page);
        this.#table.tidyPage(slot, bucket, page);
      }
      this.#residentBytes += page.residentBytes - bytes;
    }
    this.#touched = [];
    if (this.#residentBytes > this.#maxResidentBytes) this.#evict();
  }

  /** Drops the pages that have been unused longest, but none of the present call. All of them are stored. */
  #evict(): void {
    const pages: { slot: Slot; bucket: number; page: ClaimPage }[] = [];
    for (const slot of this.#slots.values()) {
      slot.pages.forEach((page, bucket) => {
        if (page !== undefined && page.usedAt !== this.#calls) pages.push({ slot, bucket, page });
      });
    }
    pages.sort((a, b) => a.page.usedAt - b.page.usedAt);
    for (const { slot, bucket, page } of pages) {
      if (this.#residentBytes <= this.#maxResidentBytes * EVICT_TO) break;
      this.#drop(slot, bucket, page);
    }
  }

  #drop(slot: Slot, bucket: number, page: ClaimPage): void {
    slot.pages[bucket] = undefined;
    this.#residentBytes -= page.residentBytes;
  }

  #expire(nowMs: number): number {
    let forgotten = 0;
    let slots = 0;
    for (const slot of this.#slots.values()) {
      if (slot.keepUntilMs > nowMs) continue;
      if (++slots > EXPIRE_SLOTS) break;
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        const resident = slot.pages[bucket];
        forgotten += (resident ?? this.#table.loadPage(slot, bucket)).countOwned();
        if (resident !== undefined) this.#drop(slot, bucket, resident);
        this.#table.deletePage(slot, bucket);
      }
      this.#table.deleteSlot(slot);
      this.#slots.delete(slot.slot);
    }
    return forgotten;
  }

  #submit(count: number, apply: () => void): Promise<void> {
    if (this.#queuedClaims + count > MAX_QUEUED_CLAIMS && this.#queue.length > 0) {
      const message = `More than ${MAX_QUEUED_CLAIMS} claims wait to be written.`;
      throw new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: OVERLOAD_RETRY_MS });
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ count, apply, done: resolve, failed: reject });
      this.#queuedClaims += count;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#commit();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(): void {
    const requests = this.#take();
    try {
      this.#table.transaction(() => {
        for (const request of requests) request.apply();
      });
    } catch (error) {
      const failure = sqliteFailure(error, "writing to the store of claims", "unknownOutcome");
      this.#startOver();
      for (const request of requests) request.failed(failure);
      return;
    }
    for (const request of requests) request.done();
  }

  #take(): Request[] {
    let taken = 0;
    let claims = 0;
    while (
      taken < this.#queue.length &&
      (taken === 0 || claims + this.#queue[taken]!.count <= MAX_TRANSACTION_CLAIMS)
    ) {
      claims += this.#queue[taken++]!.count;
    }
    this.#queuedClaims -= claims;
    return this.#queue.splice(0, taken);
  }

  /** After a transaction whose outcome is in doubt memory may claim more than the disk does, so it is read again. */
  #startOver(): void {
    this.#forgetPages();
    try {
      this.#slots = this.#table.slots();
    } catch {
      // The disk is gone for good: nothing is claimed, and every call will fail by itself.
      this.#slots = new Map();
    }
  }

  #forgetPages(): void {
    this.#touched = [];
    this.#residentBytes = 0;
    for (const slot of this.#slots.values()) slot.pages.length = 0;
  }

  #check(batch: Parameters<typeof checkBatch>[0] | undefined, options: CallOptions | undefined): void {
    if (this.#closed) throw new Failure("unavailable", "CLOSED", "The store of claims is closed.");
    if (options?.signal?.aborted)
      throw new Failure("cancelled", "CANCELLED", "The call was cancelled before it began.");
    if (batch !== undefined) checkBatch(batch);
  }
}
