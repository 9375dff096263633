import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastingPort } from "@millrace/harness/ports";
import { type OwnServers, ownRedis } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";

const PROGRAM = "redis-server";

/** Settings of redis.conf. */
export type RedisSettings = Readonly<Record<string, string>>;

/** A Redis of one test's own, which it may stop, kill, fill and empty. It goes with the test, as its data do. */
export class OwnRedis {
  /** A plain client, which connects again by itself. */
  readonly client: Redis;
  readonly port: number;
  readonly #servers: OwnServers;

  private constructor(servers: OwnServers, password: string | undefined) {
    this.#servers = servers;
    this.port = Number(servers.addresses[0]?.split(":").at(-1));
    const secret = password === undefined ? {} : { password };
    this.client = new Redis({ ...secret, host: "127.0.0.1", port: this.port, retryStrategy: () => 50 });
    // Tests that end the server expect as much.
    this.client.on("error", () => {});
  }

  /** Starts a server that holds nothing on disk and evicts nothing, unless the settings say otherwise. */
  static async start(settings: RedisSettings = {}, password?: string): Promise<OwnRedis> {
    const redis = new OwnRedis(await ownRedis({ settings }), password);
    onTestFinished(async () => {
      redis.client.disconnect();
      await redis.#servers.dispose();
    });
    return redis;
  }

  get address(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends it as kill -9 does. */
  kill(): Promise<void> {
    return this.#servers.nodes[0]!.kill9();
  }

  /** Starts it again, at its port and with what its folder holds. */
  async restart(): Promise<void> {
    await this.#servers.nodes[0]!.start();
    await until("the test's client is back", async () => (await this.client.ping()) === "PONG");
  }
}

/** Starts a Sentinel that watches the primary under the name "claims", and gives its port. It goes with the test. */
export async function startSentinel(primary: OwnRedis): Promise<number> {
  const port = await lastingPort();
  const folder = mkdtempSync(join(tmpdir(), "millrace-sentinel-"));
  const file = join(folder, "sentinel.conf");
  const lines = [
    ...[`port ${port}`, "bind 127.0.0.1", `dir ${folder}`],
    `sentinel monitor claims 127.0.0.1 ${primary.port} 1`,
    ...["sentinel down-after-milliseconds claims 500", "sentinel failover-timeout claims 3000"],
  ];
  writeFileSync(file, lines.join("\n"));
  const child = spawn(PROGRAM, [file, "--sentinel"], { stdio: "ignore" });
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 50 });
  client.on("error", () => {});
  onTestFinished(async () => {
    client.disconnect();
    await end(child);
    process.off("exit", killAtExit);
    rmSync(folder, { recursive: true, force: true });
  });
  await until("the Sentinel knows the replica", async () => {
    const replicas: unknown = await client.call("SENTINEL", "REPLICAS", "claims");
    return Array.isArray(replicas) && replicas.length > 0;
  });
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
