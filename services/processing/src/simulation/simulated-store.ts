import type { BlockKey, CellStore, StoredBlock, StoredState } from "@millrace/cell-store";
import { FaultySide } from "./faults.ts";
import type { Actor } from "./world.ts";

/** How reads are made. */
export type ReadManner = {
  /** How many of the three replicas a read asks: 2 is LOCAL_QUORUM. */
  readonly readReplicas: 1 | 2;
  /** Whether a read that finds replicas apart brings them together before it answers. */
  readonly readRepair: boolean;
};

type Row = { readonly wts: number; readonly value: Uint8Array };
type Replica = Map<string, Row>;
type Write = { readonly name: string } & Row;

const STATE = "state";

/** The name of a block in the store, and in accounts. */
export function blockName({ projectId, family, generation, granularity, bucket, slot, source }: BlockKey): string {
  return [projectId, family, generation, granularity, bucket, slot, source].join("/");
}

/**
 * Three replicas of everything. A write is acknowledged once two hold it; the third gets it at some time or never. A
 * write that is not acknowledged reaches any of them, now or much later. A read asks two.
 */
export class SimulatedStore extends FaultySide {
  readonly replicas: readonly Replica[] = [new Map(), new Map(), new Map()];
  manner: ReadManner = { readReplicas: 2, readRepair: true };
  /** What must never happen, and did. */
  readonly problems: string[] = [];
  readonly #states = new Map<string, Omit<StoredState, "wts" | "value">>();

  /** The store as an actor sees it. */
  for(actor: Actor): CellStore {
    return {
      writeBlocks: (blocks) => this.#write(actor, blocks.map(rowOfBlock), "write"),
      writeStates: (states) =>
        this.#write(
          actor,
          states.map((state) => this.#rowOfState(state)),
          "write states",
        ),
      readBlocks: (keys) => this.#readBlocks(actor, keys),
      readStates: (kind) => this.#readStates(actor, kind),
      expire: async () => 0,
      async *scan() {},
      ready: async () => {},
      close: async () => {},
    };
  }

  /** What a read of two replicas gives, without delay or repair: by name. Both must hold what is durable. */
  merged(one: number, other: number): Map<string, Row> {
    const rows = new Map(this.replicas[one]);
    for (const [name, row] of this.replicas[other]!) {
      if (row.wts > (rows.get(name)?.wts ?? -1)) rows.set(name, row);
    }
    return rows;
  }

  /** The blocks among rows. */
  static blocks(rows: ReadonlyMap<string, Row>): Map<string, Row> {
    return new Map([...rows].filter(([name]) => !name.startsWith(STATE)));
  }

  /** Whether every read of two replicas finds a block that was folded up to an offset, by its name. */
  holds(name: string, isUpTo: (value: Uint8Array) => boolean): boolean {
    return this.replicas.filter((replica) => isUpTo(replica.get(name)?.value ?? NOTHING)).length >= 2;
  }

  #rowOfState({ wts, value, ...about }: StoredState): Write {
    const name = [STATE, about.kind, about.source, about.name].join("/");
    this.#states.set(name, about);
    return { name, wts, value: new Uint8Array(value) };
  }

  async #write(actor: Actor, rows: readonly Write[], name: string): Promise<void> {
    const { world } = this;
    const fate = this.fate();
    if (fate === "refused") return this.fail(fate, actor, name);
    // Rows of several of the store's partitions come about on their own.
    const cut = world.chance(0.5) ? 1 + world.upTo(rows.length) : rows.length;
    let heldMs = 0;
    for (const part of [rows.slice(0, cut), rows.slice(cut)]) {
      if (part.length > 0) heldMs = Math.max(heldMs, this.#send(part, fate === "answered"));
    }
    if (fate === "unanswered") return this.fail(fate, actor, name);
    await world.pause(heldMs + world.random(), actor, name);
  }

  /** Sends rows to the replicas; gives when two of them hold them, where they must. */
  #send(rows: readonly Write[], mustHold: boolean): number {
    const { world } = this;
    const first = world.upTo(3);
    let heldMs = 0;
    for (let i = 0; i < 3; i++) {
      const replica = this.replicas[(first + i) % 3]!;
      const isNeeded = mustHold && i < 2;
      if (!isNeeded && world.chance(0.3)) continue;
      const ms = !isNeeded && world.chance(0.4) ? world.random() * 8_000 : world.latencyMs();
      if (isNeeded) heldMs = Math.max(heldMs, ms);
      world.after(ms, undefined, "replica", () => this.#land(replica, rows));
    }
    return heldMs;
  }

  #land(replica: Replica, rows: readonly Write[]): void {
    for (const row of rows) {
      const held = replica.get(row.name);
      if (held !== undefined && held.wts === row.wts && Buffer.compare(held.value, row.value) !== 0) {
        if (!row.name.startsWith(STATE)) this.problems.push(`${row.name} has two states at the write time ${row.wts}`);
        if (Buffer.compare(held.value, row.value) > 0) continue;
      }
      if (held === undefined || row.wts >= held.wts) replica.set(row.name, row);
    }
  }

  async #readBlocks(actor: Actor, keys: readonly BlockKey[]) {
    const names = keys.map(blockName);
    const rows = await this.#read(actor, () => names, "read");
    return keys.map((key): StoredBlock | undefined => {
      const row = rows.get(blockName(key));
      return row && { key, wts: row.wts, blob: row.value };
    });
  }

  async #readStates(actor: Actor, kind: string): Promise<readonly StoredState[]> {
    const prefix = `${STATE}/${kind}/`;
    const named = (replica: Replica) => [...replica.keys()].filter((name) => name.startsWith(prefix));
    const rows = await this.#read(actor, named, "read states");
    return [...rows].map(([name, row]) => ({ ...this.#states.get(name)!, ...row }));
  }

  async #read(actor: Actor, names: (replica: Replica) => readonly string[], what: string): Promise<Replica> {
    const { world } = this;
    const fate = this.fate();
    if (fate !== "answered") return this.fail(fate, actor, what);
    const first = world.upTo(3);
    const asked = [this.replicas[first]!, this.replicas[(first + 1 + world.upTo(2)) % 3]!];
    const found: Replica = new Map();
    for (const replica of asked.slice(0, this.manner.readReplicas)) {
      // The replicas answer one after the other, and things happen in between.
      await world.pause(world.latencyMs(), actor, what);
      for (const name of names(replica)) {
        const row = replica.get(name);
        if (row !== undefined && row.wts > (found.get(name)?.wts ?? -1)) found.set(name, row);
      }
    }
    if (this.manner.readRepair) {
      for (const replica of asked)
        this.#land(
          replica,
          [...found].map(([name, row]) => ({ ...row, name })),
        );
    }
    await world.pause(world.latencyMs(), actor, `${what} answered`);
    return found;
  }
}

const NOTHING = new Uint8Array(0);

function rowOfBlock({ key, wts, blob }: StoredBlock): Write {
  return { name: blockName(key), wts, value: new Uint8Array(blob) };
}
