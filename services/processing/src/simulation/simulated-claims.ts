import { CLAIM_ID_BYTES, type ClaimBatch, type ClaimStore, POSITION_BYTES } from "@millrace/cache";
import { FaultySide } from "./faults.ts";
import type { Actor } from "./world.ts";

type Slot = { keepUntilMs: number; readonly owners: Map<string, Uint8Array> };

/** Claims in one place. A call without an answer was carried out, will be, or never is. */
export class SimulatedClaims extends FaultySide {
  readonly #slots = new Map<number, Slot>();

  /** Forgets everything, as a server does whose data are gone. */
  clear(): void {
    this.#slots.clear();
  }

  /** The claims as an actor sees them. */
  for(actor: Actor): ClaimStore {
    return {
      claim: (batch, until) => this.#call(actor, "claim", copyOf(batch), (copy) => this.#claim(copy, until)),
      lookup: (batch) =>
        this.#call(actor, "lookup", copyOf({ ...batch, positions: new Uint8Array(0) }), (copy) => this.#lookup(copy)),
      release: (batch) => this.#call(actor, "release", copyOf(batch), (copy) => this.#release(copy)),
      expire: async (nowMs) => this.#expire(nowMs),
      ready: async () => {},
      close: async () => {},
    };
  }

  async #call<T>(actor: Actor, name: string, batch: ClaimBatch, work: (batch: ClaimBatch) => T): Promise<T> {
    const { world } = this;
    const fate = this.fate();
    if (fate === "refused") return this.fail(fate, actor, name);
    if (fate === "unanswered") {
      if (world.chance(0.7)) world.after(world.latencyMs(), undefined, name, () => void work(batch));
      return this.fail(fate, actor, name);
    }
    const { promise, resolve } = Promise.withResolvers<T>();
    world.after(world.latencyMs(), undefined, name, () => {
      const answer = work(batch);
      world.after(world.latencyMs(), actor, `${name} answered`, () => resolve(answer));
    });
    return promise;
  }

  #claim(batch: ClaimBatch, keepUntilMs: number): Uint8Array {
    const answer = Buffer.alloc(batch.count * POSITION_BYTES);
    for (let i = 0; i < batch.count; i++) {
      const number = batch.slots[i]!;
      let slot = this.#slots.get(number);
      if (slot === undefined) {
        slot = { keepUntilMs, owners: new Map() };
        this.#slots.set(number, slot);
      }
      slot.keepUntilMs = Math.max(slot.keepUntilMs, keepUntilMs);
      const id = idAt(batch, i);
      let owner = slot.owners.get(id);
      if (owner === undefined) {
        owner = new Uint8Array(batch.positions.subarray(i * POSITION_BYTES, (i + 1) * POSITION_BYTES));
        slot.owners.set(id, owner);
      }
      answer.set(owner, i * POSITION_BYTES);
    }
    return answer;
  }

  #lookup(batch: ClaimBatch): Uint8Array {
    const answer = Buffer.alloc(batch.count * POSITION_BYTES);
    for (let i = 0; i < batch.count; i++) {
      const owner = this.#slots.get(batch.slots[i]!)?.owners.get(idAt(batch, i));
      if (owner !== undefined) answer.set(owner, i * POSITION_BYTES);
    }
    return answer;
  }

  #release(batch: ClaimBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const owners = this.#slots.get(batch.slots[i]!)?.owners;
      const own = batch.positions.subarray(i * POSITION_BYTES, (i + 1) * POSITION_BYTES);
      const owner = owners?.get(idAt(batch, i));
      if (owner !== undefined && Buffer.compare(owner, own) === 0) owners?.delete(idAt(batch, i));
    }
  }

  #expire(nowMs: number): number {
    let gone = 0;
    for (const [number, { keepUntilMs, owners }] of this.#slots) {
      if (keepUntilMs > nowMs) continue;
      gone += owners.size;
      this.#slots.delete(number);
    }
    return gone;
  }
}

function idAt({ ids }: ClaimBatch, i: number): string {
  return Buffer.from(ids.subarray(i * CLAIM_ID_BYTES, (i + 1) * CLAIM_ID_BYTES)).toString("hex");
}

/** What the caller may use again once it has an answer, though the call is carried out later. */
function copyOf({ count, ids, slots, positions }: ClaimBatch): ClaimBatch {
  return { count, ids: new Uint8Array(ids), slots: slots.slice(), positions: new Uint8Array(positions) };
}
