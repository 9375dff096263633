/** Members that join and leave the group of processors, one every two seconds, while events are sent. */
import { setTimeout as pause } from "node:timers/promises";
import type { Exit } from "@millrace/harness";
import type { Mesh, MeshProcess } from "@millrace/harness/mesh";
import type { MeshLoad } from "@millrace/harness/mesh-load";
import { until } from "@millrace/harness/until";
import { expect } from "vitest";
import { ownedBy } from "./members.ts";

const STEADY = "processing-1";
const EVERY_MS = 2_000;
const LOOKS_EVERY_MS = 250;
const PATIENCE = { withinMs: 120_000, everyMs: 100 };

/** How many events were acknowledged and counted a second. */
export type Rates = { readonly acknowledged: number; readonly counted: number };

/** What a storm was like. */
export type Storm = {
  readonly joined: number;
  readonly left: number;
  readonly killed: number;
  /** How often a partition was seen to be another member's than before. */
  readonly moves: number;
  readonly calm: Rates;
  readonly inStorm: Rates;
};

/**
 * Measures in calm for so long, then lets as many members leave or join as `moves` says. The caller lets everything come to
 * rest. Where a busy machine takes longer than two seconds to start a member, the next move waits for it.
 */
export async function storm(mesh: Mesh, load: MeshLoad, calmMs: number, moves: number): Promise<Storm> {
  const guests = mesh.processesOf("processing").filter(({ name }) => name !== STEADY);
  await until("everybody owns partitions", async () => (await owning(mesh, guests)).length === guests.length, PATIENCE);
  const calm = await ratesOf(load, () => pause(calmMs));
  const watch = watchOwners(mesh);
  const members = new Members(mesh, guests);
  let isLeaving = true;
  const inStorm = await ratesOf(load, async () => {
    for (let move = 0; move < moves; move++) {
      await Promise.race([pause(EVERY_MS), load.failed]);
      await until("a member can join or leave", () => members.move(isLeaving), PATIENCE);
      isLeaving = !isLeaving;
    }
  });
  await members.settle();
  const { joined, left, killed } = members;
  return { joined, left, killed, moves: await watch.end(), calm, inStorm };
}

/** The processors that come and go. */
class Members {
  joined = 0;
  left = 0;
  killed = 0;
  readonly #mesh: Mesh;
  readonly #guests: readonly MeshProcess[];
  /** Those that were told to leave, and may take their time. */
  readonly #leaving = new Set<MeshProcess>();
  readonly #exits: Promise<Exit>[] = [];

  constructor(mesh: Mesh, guests: readonly MeshProcess[]) {
    this.#mesh = mesh;
    this.#guests = guests;
  }

  /** A member that owns partitions leaves, in good order or killed by turns, or one that is gone joins. False: none can. */
  async move(isLeaving: boolean): Promise<boolean> {
    const staying = this.#guests.filter((guest) => !this.#leaving.has(guest));
    const [owner] = await owning(this.#mesh, staying);
    const gone = this.#guests.find(({ ended }) => ended !== undefined);
    if (owner !== undefined && (isLeaving || gone === undefined)) this.#leave(owner);
    else if (gone !== undefined) this.#join(gone);
    return owner !== undefined || gone !== undefined;
  }

  /** Waits until those that leave are gone. Those that were not killed must end in good order, and nobody by itself. */
  async settle(): Promise<void> {
    for (const { code, signal } of await Promise.all(this.#exits)) expect([0, "SIGKILL"]).toContain(code ?? signal);
    const ended = this.#guests.filter((guest) => guest.ended !== undefined && !this.#leaving.has(guest));
    expect(ended.map(({ name, output }) => `${name} ended by itself:\n${output.slice(-5_000)}`)).toEqual([]);
  }

  #join(guest: MeshProcess): void {
    this.#leaving.delete(guest);
    guest.spawn();
    this.joined++;
  }

  #leave(guest: MeshProcess): void {
    const isKilled = this.killed < this.left;
    this[isKilled ? "killed" : "left"]++;
    this.#leaving.add(guest);
    this.#exits.push(guest.end(isKilled ? "SIGKILL" : "SIGTERM"));
  }
}

/** The members among some processes that own partitions now. */
async function owning(mesh: Mesh, guests: readonly MeshProcess[]): Promise<MeshProcess[]> {
  const running = guests.filter(({ ended }) => ended === undefined);
  const owned = await Promise.all(running.map(({ name }) => ownedBy(mesh, name).catch(() => [])));
  return running.filter((_, place) => owned[place]!.length > 0);
}

/** Measures while something goes on. */
async function ratesOf(load: MeshLoad, during: () => Promise<unknown>): Promise<Rates> {
  const before = { counted: await load.folded(), acknowledged: load.acknowledged, timeMs: performance.now() };
  await during();
  const seconds = (performance.now() - before.timeMs) / 1_000;
  const acknowledged = (load.acknowledged - before.acknowledged) / seconds;
  return { acknowledged, counted: ((await load.folded()) - before.counted) / seconds };
}

/** Counts how often a partition is seen to be another member's than before. Ends when one was, and fails where none ever is. */
function watchOwners(mesh: Mesh): { end(): Promise<number> } {
  const ownerOf = new Map<number, string>();
  const stopping = new AbortController();
  let moves = 0;
  const look = async (name: string) => {
    // One that is busy, or gone by now, is asked again.
    for (const partition of await ownedBy(mesh, name).catch(() => [])) {
      const before = ownerOf.get(partition);
      if (before !== undefined && before !== name) moves++;
      ownerOf.set(partition, name);
    }
  };
  const lookAtAll = () => {
    const running = mesh.processesOf("processing").filter(({ isRunning }) => isRunning);
    return Promise.all(running.map(({ name }) => look(name)));
  };
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await lookAtAll();
      await pause(LOOKS_EVERY_MS);
    }
  })();
  return {
    async end() {
      stopping.abort();
      await watching;
      const hasMoved = async () => {
        await lookAtAll();
        return moves > 0;
      };
      // Those that left last may not have been missed yet.
      await until("a partition has moved", hasMoved, PATIENCE);
      return moves;
    },
  };
}

/** A few lines on a storm. */
export function stormText({ joined, left, killed, moves, calm, inStorm }: Storm): string {
  const rates = ({ acknowledged, counted }: Rates) =>
    `${counted.toFixed(0)} events a second counted, ${acknowledged.toFixed(0)} acknowledged`;
  return (
    `${joined} joined, ${left} left, ${killed} killed, partitions were seen to move ${moves} times\n` +
    `  in calm ${rates(calm)}; in the storm ${rates(inStorm)}: ${(inStorm.counted / calm.counted).toFixed(2)}\n`
  );
}
