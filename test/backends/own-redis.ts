import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redisServer } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { Redis, type RedisOptions } from "ioredis";
import { onTestFinished } from "vitest";

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Settings of redis.conf. */
export type RedisSettings = Readonly<Record<string, string | number>>;

/** How a test's own client speaks to the server: names, passwords, TLS. */
export type ClientOptions = Pick<RedisOptions, "username" | "password" | "tls">;

/** A Redis of one test's own, which it may stop, kill, fill and empty. It goes with the test, as its data do. */
export class OwnRedis {
  readonly port: number;
  readonly folder: string;
  readonly client: Redis;
  readonly #settings: RedisSettings;
  readonly #tls: boolean;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, settings: RedisSettings, client: ClientOptions) {
    this.port = port;
    this.folder = folder;
    this.#settings = settings;
    this.#tls = client.tls !== undefined;
    this.client = new Redis({ ...client, host: "127.0.0.1", port, lazyConnect: true, retryStrategy: () => 50 });
    // Tests that end the server expect as much.
    this.client.on("error", () => {});
  }

  /**
   * Starts a server that holds nothing on disk and evicts nothing, unless the settings say otherwise. It speaks TLS only
   * if the test's client does.
   */
  static async start(settings: RedisSettings = {}, client: ClientOptions = {}): Promise<OwnRedis> {
    // Where there is no redis-server, asking for the shared one brings it.
    await redisServer();
    const folder = mkdtempSync(join(tmpdir(), "millrace-redis-"));
    const redis = new OwnRedis(await freePort(), folder, settings, client);
    onTestFinished(async () => {
      redis.client.disconnect();
      await redis.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    await redis.restart();
    return redis;
  }

  get address(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, at its port and with what its folder holds. */
  async restart(): Promise<void> {
    const settings = {
      ...(this.#tls ? { port: 0, "tls-port": this.port } : { port: this.port }),
      ...{ bind: "127.0.0.1", dir: this.folder, save: "", "maxmemory-policy": "noeviction" },
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = startProgram(args);
    await until("Redis answers", async () => (await this.client.ping()) === "PONG");
  }

  /** Ends it as kill -9 does. */
  async kill(): Promise<void> {
    await end(this.#process);
    this.#process = undefined;
  }
}

/** Starts a Sentinel that watches the primary under the name "claims", and gives its port. It goes with the test. */
export async function startSentinel(primary: OwnRedis): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "millrace-sentinel-"));
  const file = join(folder, "sentinel.conf");
  writeFileSync(
    file,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor claims 127.0.0.1 ${primary.port} 1`,
      "sentinel down-after-milliseconds claims 500",
      "sentinel failover-timeout claims 3000",
    ].join("\n"),
  );
  const child = startProgram([file, "--sentinel"]);
  onTestFinished(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 50 });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  await until("the Sentinel knows the replica", async () => {
    const replicas: unknown = await client.call("SENTINEL", "REPLICAS", "claims");
    return Array.isArray(replicas) && replicas.length > 0;
  });
  return port;
}

function startProgram(args: readonly string[]): ChildProcess {
  const child = spawn("redis-server", args, { stdio: "ignore" });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || !running.has(child)) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}
