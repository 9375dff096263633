import {
  type ClaimBatch,
  claimId,
  claimMoment,
  claimSlot,
  CLAIM_ID_BYTES as ID_BYTES,
  isUntimedClaim,
  POSITION_BYTES,
  type Position,
  packPosition,
  samePosition,
} from "@millrace/cache";

/** The claims that a batch of events makes, packed as the claim store takes them. Reused from batch to batch. */
export class ClaimRequests {
  readonly imported: boolean;
  #count = 0;
  #ids = Buffer.alloc(ID_BYTES * 1024);
  #slots = new Float64Array(1024);
  #positions = Buffer.alloc(POSITION_BYTES * 1024);
  #owners: Uint8Array = new Uint8Array(0);
  /** The claims of events without any time, whose copies may be filed under the day before or after. */
  #untimed: number[] = [];
  /** Those of them that a copy owns. */
  readonly #ownedBeside = new Set<number>();
  /** The latest time by which an event of the batch is filed, in epoch milliseconds. */
  latestTimeMs = 0;
  /** The longest late window of the projects whose events claim, in milliseconds. */
  lateWindowMs = 0;

  /** @param imported whether the events came by keys with the scope IMPORT: their claims are kept apart */
  constructor(imported: boolean) {
    this.imported = imported;
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.latestTimeMs = 0;
    this.lateWindowMs = 0;
    this.#untimed = [];
    this.#ownedBeside.clear();
  }

  /** Takes back the claims from index `count` on. */
  truncate(count: number): void {
    this.#count = count;
    this.#untimed = this.#untimed.filter((index) => index < count);
  }

  /** Adds the claim of an event, whose id is `id[from, to)`, and gives its index. */
  add(projectId: string, id: Uint8Array, from: number, to: number, claimTimeMs: number, position: Position): number {
    const index = this.#count++;
    if (index === this.#slots.length) this.#grow();
    claimId(projectId, id, from, to, this.#ids, index * ID_BYTES);
    this.#slots[index] = claimSlot(claimTimeMs, this.imported);
    if (isUntimedClaim(claimTimeMs)) this.#untimed.push(index);
    packPosition(position, this.#positions, index * POSITION_BYTES);
    this.latestTimeMs = Math.max(this.latestTimeMs, claimMoment(claimTimeMs));
    return index;
  }

  /** The claims as one batch. */
  batch(): ClaimBatch {
    return {
      count: this.#count,
      ids: this.#ids.subarray(0, this.#count * ID_BYTES),
      slots: this.#slots.subarray(0, this.#count),
      positions: this.#positions.subarray(0, this.#count * POSITION_BYTES),
    };
  }

  /** One of the claims, as a batch of its own. */
  single(index: number): ClaimBatch {
    return {
      count: 1,
      ids: this.#ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES),
      slots: this.#slots.subarray(index, index + 1),
      positions: this.#positions.subarray(index * POSITION_BYTES, (index + 1) * POSITION_BYTES),
    };
  }

  /** The claims of events without any time, in the slots beside theirs; to be looked up once all have claimed. */
  beside(): Omit<ClaimBatch, "positions"> {
    const count = this.#untimed.length * 2;
    const ids = Buffer.alloc(count * ID_BYTES);
    const slots = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const index = this.#untimed[i >> 1]!;
      this.#ids.copy(ids, i * ID_BYTES, index * ID_BYTES, (index + 1) * ID_BYTES);
      slots[i] = this.#slots[index]! + (i % 2 === 0 ? -1 : 1);
    }
    return { count, ids, slots };
  }

  /**
   * Takes the owners of {@link ClaimRequests.beside}. Of copies under neighbouring days the first in the log owns the id,
   * whichever was folded first: so a replay finds the same.
   */
  answeredBeside(owners: Uint8Array): void {
    for (let i = 0; i * POSITION_BYTES < owners.length; i++) {
      const index = this.#untimed[i >> 1]!;
      const owner = Buffer.from(owners.buffer, owners.byteOffset + i * POSITION_BYTES, POSITION_BYTES);
      const own = this.#positions.subarray(index * POSITION_BYTES, (index + 1) * POSITION_BYTES);
      if (owner.some((byte) => byte !== 0) && owner.compare(own) < 0) this.#ownedBeside.add(index);
    }
  }

  /** Takes the owners that the claim store gave, 12 bytes a claim. */
  answered(owners: Uint8Array): void {
    this.#owners = owners;
  }

  /**
   * Whether the event owns its id: it is the first with it, or this very event, folded before and redelivered. Any
   * other owner makes it a duplicate (P6).
   */
  owns(index: number): boolean {
    if (this.#ownedBeside.has(index)) return false;
    const at = index * POSITION_BYTES;
    return samePosition(this.#owners, at, this.#positions, at);
  }

  #grow(): void {
    this.#ids = Buffer.concat([this.#ids, Buffer.alloc(this.#ids.length)]);
    this.#positions = Buffer.concat([this.#positions, Buffer.alloc(this.#positions.length)]);
    const slots = new Float64Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}
