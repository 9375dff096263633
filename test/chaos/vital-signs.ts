import { readFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import type { Mesh } from "@millrace/harness/mesh";

const EVERY_MS = 500;
const MEBIBYTE = 1024 * 1024;

/** What was seen of a process. */
export type Signs = {
  readonly name: string;
  /** Its resident set: when watching began, or `mark` was called last, and the most since then. */
  firstMib: number;
  mostMib: number;
  /** How often it was asked by gRPC and at its admin port whether it is well, and the slowest answer. */
  asked: number;
  slowestMs: number;
  /** What it answered instead of that. */
  readonly complaints: string[];
};

/** Watches the memory and the health of every process of a mesh, twice a second, until it is stopped. */
export class VitalSigns {
  readonly all: readonly Signs[];
  readonly #runs: Promise<unknown>;
  readonly #mesh: Mesh;
  #isOver = false;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    this.all = [...mesh.processes.values()].map(({ name }) => {
      const firstMib = this.#residentMib(name);
      return { name, firstMib, mostMib: firstMib, asked: 0, slowestMs: 0, complaints: [] };
    });
    this.#runs = Promise.all(this.all.flatMap((signs) => [this.#watchMemory(signs), this.#watchHealth(signs)]));
  }

  /** Memory is compared with what it is now. */
  mark(): void {
    for (const signs of this.all) {
      signs.firstMib = this.#residentMib(signs.name);
      signs.mostMib = signs.firstMib;
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#runs;
  }

  async #watchMemory(signs: Signs): Promise<void> {
    while (!this.#isOver) {
      signs.mostMib = Math.max(signs.mostMib, this.#residentMib(signs.name));
      await pause();
    }
  }

  async #watchHealth(signs: Signs): Promise<void> {
    const { url, adminUrl } = this.#mesh.process(signs.name);
    const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
    while (!this.#isOver) {
      const startMs = performance.now();
      try {
        const [{ status }, live] = await Promise.all([health.check({}), fetch(`${adminUrl}/livez`)]);
        if (status !== Status.SERVING) signs.complaints.push(`grpc.health.v1: status ${status}`);
        if (!live.ok) signs.complaints.push(`/livez: ${live.status}`);
        await live.body?.cancel();
      } catch (error) {
        signs.complaints.push(String(error));
      }
      signs.asked++;
      signs.slowestMs = Math.max(signs.slowestMs, performance.now() - startMs);
      await pause();
    }
  }

  /** As the kernel counts it, which asks nothing of the process. */
  #residentMib(name: string): number {
    const [, kibibytes = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(
      readFileSync(`/proc/${this.#mesh.process(name).pid}/status`, "utf8"),
    ) ?? ["", "0"];
    return (Number(kibibytes) * 1024) / MEBIBYTE;
  }
}

/** One line on a process. */
export function signsLine({ name, firstMib, mostMib, asked, slowestMs }: Signs): string {
  return (
    `  ${name}: resident ${firstMib.toFixed(0)} MiB before, ${mostMib.toFixed(0)} at most; ` +
    `well each of ${asked} times, the slowest answer after ${slowestMs.toFixed(0)} ms\n`
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
