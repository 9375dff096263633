/** HAProxy in front of a mesh, configured as docs/operating.md says. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import type { Mesh } from "@millrace/harness/mesh";
import { lastingPorts } from "@millrace/harness/ports";
import { tool } from "@millrace/harness/tools";
import { until } from "@millrace/harness/until";

const DOCUMENT = join(CHECKOUT, "docs/operating.md");

/** A running HAProxy. */
export class Balancer implements AsyncDisposable {
  readonly url: string;
  readonly #statsUrl: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  #output = "";

  private constructor(program: string, configuration: string, [port, statsPort]: readonly number[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.#statsUrl = `http://127.0.0.1:${statsPort}/stats;csv`;
    this.#folder = mkdtempSync(join(tmpdir(), "millrace-haproxy-"));
    const path = join(this.#folder, "haproxy.cfg");
    writeFileSync(path, configuration);
    this.#process = spawn(program, ["-db", "-f", path], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk) => {
        this.#output = `${this.#output}${chunk}`.slice(-20_000);
      });
    }
  }

  /** Starts one in front of a mesh, and waits until it takes every process that it balances for up. */
  static async start(mesh: Mesh): Promise<Balancer> {
    const ports = await lastingPorts(2);
    const balancer = new Balancer(await tool("haproxy"), configurationFor(mesh, ports), ports);
    try {
      await balancer.untilUp();
    } catch (error) {
      await balancer[Symbol.asyncDispose]();
      throw error;
    }
    return balancer;
  }

  /** Waits until it sends calls to every server that it was told of. */
  async untilUp(): Promise<void> {
    const areUp = async () => {
      if (this.#process.exitCode !== null) return true;
      const states = await this.#states();
      return states.size > 0 && [...states.values()].every((state) => state.startsWith("UP"));
    };
    await until("the balancer takes every server for up", areUp);
    if (this.#process.exitCode !== null) throw new Error(`haproxy ended:\n${this.#output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What it takes each server for. */
  async #states(): Promise<Map<string, string>> {
    const text = await (await fetch(this.#statsUrl)).text();
    const [head = "", ...lines] = text.trim().split("\n");
    const columns = head.replace(/^# /, "").split(",");
    const [name, state] = [columns.indexOf("svname"), columns.indexOf("status")];
    const rows = lines.map((line) => line.split(","));
    const servers = rows.filter((row) => !["FRONTEND", "BACKEND"].includes(row[name]!));
    return new Map(servers.map((row) => [row[name]!, row[state]!]));
  }
}

/** The documented configuration with the addresses of a mesh in it. */
function configurationFor(mesh: Mesh, [port, statsPort]: readonly number[]): string {
  const [, documented] = /```haproxy\n(.*?)```/s.exec(readFileSync(DOCUMENT, "utf8")) ?? [];
  if (documented === undefined) throw new Error(`${DOCUMENT} shows no configuration of HAProxy`);
  const placed = documented
    .replace(/^( *bind) :8080.*$/m, `$1 127.0.0.1:${port}`)
    .replace(/^( *bind) :8404.*$/m, `$1 127.0.0.1:${statsPort}`)
    .replace(/^ *server (\S+) \S+:8080 check port 9090$/gm, (_, name: string) => {
      const { url, adminUrl } = mesh.process(name);
      return `  server ${name} ${new URL(url).host} check port ${new URL(adminUrl).port}`;
    });
  if (/:(8080|9090|8404)\b/.test(placed)) throw new Error(`not every address was replaced:\n${placed}`);
  return placed;
}
