import type { Mesh, MeshProcess, ServiceName } from "@millrace/harness/mesh";
import { expect } from "vitest";
import type { Balancer } from "./balancer.ts";

const RESTARTED: readonly ServiceName[] = ["ingest", "reporting", "config", "processing"];

/** What rolling restarts took. */
export type Restarts = {
  /** How many processes were restarted. */
  processes: number;
  /** The longest time from the signal until a process was gone, in milliseconds, by service. */
  readonly longestMs: Map<ServiceName, number>;
};

/**
 * Replaces every process of all services but the dashboard: the first of each service together, as an upgrade by Helm
 * does, then the second of each, and so on. The next ones go when those before are ready and get calls.
 */
export async function rollingRestart(mesh: Mesh, balancer: Balancer, restarts: Restarts): Promise<void> {
  const byService = RESTARTED.map((service) => mesh.processesOf(service));
  const steps = Math.max(...byService.map(({ length }) => length));
  for (let step = 0; step < steps; step++) {
    const going = byService.flatMap((processes) => processes[step] ?? []);
    await Promise.all(going.map((process) => replace(process, restarts)));
    await balancer.untilUp();
  }
}

async function replace(process: MeshProcess, restarts: Restarts): Promise<void> {
  const startMs = performance.now();
  expect(await process.end("SIGTERM"), `how ${process.name} ended:\n${process.output.slice(-3_000)}`).toEqual({
    code: 0,
    signal: null,
  });
  expect(process.output, `${process.name} had to cut off calls`).not.toContain("cut off by the drain's deadline");
  const { longestMs } = restarts;
  longestMs.set(process.service, Math.max(longestMs.get(process.service) ?? 0, performance.now() - startMs));
  process.spawn();
  await process.ready();
  restarts.processes++;
}
