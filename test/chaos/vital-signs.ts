import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Child, environment } from "@millrace/harness";
import type { Mesh } from "@millrace/harness/mesh";

const EVERY_MS = 250;
/** Linux counts processor time by hundredths of a second, whatever its own clock does. */
const MS_A_CLOCK_TICK = 10;
const KIBIBYTES_A_MEBIBYTE = 1024;

/** What was seen of a process. */
export type Signs = {
  readonly name: string;
  /** Its resident set when watching began, and the most since then. */
  readonly firstMib: number;
  mostMib: number;
  /** How often it was asked by gRPC and at its admin port whether it is well, and the slowest answer. */
  asked: number;
  slowestMs: number;
  /** What it answered instead of that. */
  readonly complaints: string[];
};

/** Watches the memory and the health of every process of a mesh until it is stopped. */
export class VitalSigns {
  readonly all: readonly Signs[];
  readonly #mesh: Mesh;
  readonly #asker: Child;
  readonly #timer: NodeJS.Timeout;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    this.all = [...mesh.processes.keys()].map((name) => {
      const firstMib = this.#residentMib(name);
      return { name, firstMib, mostMib: firstMib, asked: 0, slowestMs: 0, complaints: [] };
    });
    const places = [...mesh.processes.values()].flatMap(({ name, url, adminUrl }) => [name, url, adminUrl]);
    const surroundings = { cwd: mesh.dataDirectory, env: environment({}) };
    this.#asker = new Child(join(import.meta.dirname, "health-child.ts"), places, surroundings);
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Resolves when all that was seen is in `all`. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#look();
    this.#asker.kill("SIGKILL");
    await this.#asker.exit;
    const { stdout, stderr } = this.#asker;
    if (stderr !== "") throw new Error(`the health was not watched: ${stderr}`);
    const lines = stdout
      .slice(0, stdout.lastIndexOf("\n") + 1)
      .split("\n")
      .slice(0, -1);
    for (const line of lines) {
      const { name, tookMs, complaint }: { name: string; tookMs: number; complaint: string } = JSON.parse(line);
      const signs = this.all.find((each) => each.name === name)!;
      signs.asked++;
      signs.slowestMs = Math.max(signs.slowestMs, tookMs);
      if (complaint !== "") signs.complaints.push(complaint);
    }
  }

  #look(): void {
    for (const signs of this.all) signs.mostMib = Math.max(signs.mostMib, this.#residentMib(signs.name));
  }

  /** As the kernel counts it, which asks nothing of the process. */
  #residentMib(name: string): number {
    const status = readFileSync(`/proc/${this.#mesh.process(name).pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / KIBIBYTES_A_MEBIBYTE;
  }
}

/** How much processor time a process has taken so far, in milliseconds. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in brackets, may have anything in it; what follows begins with the third field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_A_CLOCK_TICK;
}

/** One line on a process. */
export function signsLine({ name, firstMib, mostMib, asked, slowestMs }: Signs): string {
  return (
    `  ${name}: resident ${firstMib.toFixed(0)} MiB before, ${mostMib.toFixed(0)} at most; ` +
    `well each of ${asked} times, the slowest answer after ${slowestMs.toFixed(0)} ms\n`
  );
}
