/** Processes of a mesh that are killed and stopped at random moments, by a seed. */
import { setTimeout as pause } from "node:timers/promises";
import type { Mesh, ServiceName } from "@millrace/harness/mesh";
import type { MeshLoad } from "@millrace/harness/mesh-load";
import { until } from "@millrace/harness/until";
import { expect } from "vitest";
import { ownedBy } from "./members.ts";
import { shuffled } from "./seed.ts";

const PATIENCE = { withinMs: 90_000, everyMs: 100 };

/** One way in which a process fails. */
export type Strike = { readonly service: ServiceName; readonly how: "kill" | "freeze" };

/** From how long to how long there is peace between strikes, in milliseconds. */
export type Peace = { readonly fromMs: number; readonly toMs: number };

/** Strikes one process after the other while the load goes on; resolves when all are ready again. */
export async function strikeAll(
  mesh: Mesh,
  load: MeshLoad,
  strikes: Iterable<Strike>,
  peace: Peace,
  random: () => number,
): Promise<string[]> {
  const done: string[] = [];
  const spared = new Map<ServiceName, string[]>();
  for (const { service, how } of strikes) {
    // Each process of a service is hit once before one is hit again.
    const left = spared.get(service) ?? [];
    const names = left.length > 0 ? left : mesh.processesOf(service).map((process) => process.name);
    const [name = "", ...others] = shuffled(names, random);
    spared.set(service, others);
    await Promise.race([pause(peace.fromMs + random() * (peace.toMs - peace.fromMs)), load.failed]);
    expectNoneEnded(mesh);
    if (how === "freeze") await freezePastSession(mesh, name);
    else await killAndSpawn(mesh, name);
    done.push(how === "freeze" ? `${name} frozen` : name);
  }
  await Promise.all([...mesh.processes.values()].map((process) => process.ready()));
  const before = load.acknowledged;
  await until("events are acknowledged again", () => load.acknowledged > before, PATIENCE);
  return done;
}

/** A process may be hit while it still starts after the last time. */
async function killAndSpawn(mesh: Mesh, name: string): Promise<void> {
  await mesh.kill9(name);
  mesh.process(name).spawn();
}

/**
 * Stops an owner of partitions in the midst of its work until all of them are another's, and lets it go on as if nothing had
 * been: what it still folds, writes and commits must change nothing. Resolves when it has learned of it and owns anew.
 */
async function freezePastSession(mesh: Mesh, name: string): Promise<void> {
  const processors = mesh.processesOf("processing");
  await Promise.all(processors.map((process) => process.ready()));
  const owned = await until(`${name} owns partitions`, () => some(ownedBy(mesh, name)), PATIENCE);
  const others = processors.filter((process) => process.name !== name).map((process) => process.name);
  mesh.freeze(name);
  await until(
    `all that ${name} owned is another's`,
    async () => {
      const theirs = (await Promise.all(others.map((other) => ownedBy(mesh, other)))).flat();
      return owned.every((partition) => theirs.includes(partition));
    },
    PATIENCE,
  );
  mesh.thaw(name);
  await until(
    `${name} is back, and every partition has one owner`,
    async () => {
      const all = (await Promise.all(processors.map((each) => ownedBy(mesh, each.name)))).flat();
      return (await some(ownedBy(mesh, name))) && new Set(all).size === all.length;
    },
    PATIENCE,
  );
}

async function some(partitions: Promise<number[]>): Promise<number[] | undefined> {
  const found = await partitions;
  return found.length > 0 ? found : undefined;
}

/** A process that ends by itself is wrong, also where somebody would start it again. */
function expectNoneEnded(mesh: Mesh): void {
  for (const { name, ended, output } of mesh.processes.values()) {
    expect(ended, `${name} ended by itself:\n${ended === undefined ? "" : output.slice(-5_000)}`).toBeUndefined();
  }
}
