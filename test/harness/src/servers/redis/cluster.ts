import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../ports/free-ports.ts";
import { type Launched, launch } from "../launch.ts";
import { findProgram } from "../machine.ts";
import type { Probe } from "../probe.ts";
import { runProgram } from "../programs.ts";
import { bringRedis, REDIS_PROBE } from "./server.ts";

const NODES = 3;
const READY_WITHIN_MS = 20_000;

/** CLUSTER INFO, which says whether all hash slots are served. */
export const CLUSTER_PROBE: Probe = {
  question: Buffer.from("CLUSTER INFO\r\n"),
  isGood: (answer) => answer.toString("latin1").includes("cluster_state:ok"),
};

/** Starts a Redis Cluster of three primaries, with their data and logs in `folder`. */
export async function startRedisCluster(folder: string): Promise<Launched[]> {
  const command = await bringRedis(folder);
  const log = join(folder, "redis-cli.log");
  const cli = await findProgram("redis-cli", "redis-tools", log);
  const ports = await freePorts(2 * NODES);
  const busPorts = ports.slice(NODES);
  const nodes = await Promise.all(
    ports.slice(0, NODES).map((port, i) => {
      const dir = join(folder, "data", `${i + 1}`);
      mkdirSync(dir, { recursive: true });
      const settings = {
        ...{ port, bind: "127.0.0.1", dir, save: "", appendonly: "no", "maxmemory-policy": "noeviction" },
        ...{ "cluster-enabled": "yes", "cluster-port": busPorts[i], "cluster-node-timeout": 5000 },
      };
      return launch({
        command,
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
        log: join(folder, `redis-${i + 1}.log`),
        address: `127.0.0.1:${port}`,
        probe: REDIS_PROBE,
        withinMs: READY_WITHIN_MS,
      });
    }),
  );
  const addresses = nodes.map((node) => node.address);
  await runProgram({ command: cli, args: ["--cluster", "create", ...addresses, "--cluster-yes"], log });
  return nodes;
}
