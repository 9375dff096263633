import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../ports/free-ports.ts";
import { type Launched, launch } from "../launch.ts";
import { findProgram, hasProgram } from "../machine.ts";
import type { Probe } from "../probe.ts";

const READY_WITHIN_MS = 20_000;

/** PING. One that wants a password first is a Redis too. */
export const REDIS_PROBE: Probe = {
  question: Buffer.from("PING\r\n"),
  isGood: (answer) => /^(\+PONG|-NOAUTH)/.test(answer.toString("latin1")),
};

/** Whether redis-server is on this machine. */
export function isRedisHere(): boolean {
  return hasProgram("redis-server");
}

/** The path of redis-server; installed where it is missing. */
export function bringRedis(folder: string): Promise<string> {
  return findProgram("redis-server", "redis-server", join(folder, "install.log"));
}

/**
 * Starts a Redis that keeps nothing on disk and evicts nothing, with its data and log in `folder`.
 *
 * @param more settings that replace those, such as `{ appendonly: "yes" }`
 */
export async function startRedis(folder: string, more: Readonly<Record<string, string>> = {}): Promise<Launched[]> {
  mkdirSync(join(folder, "data"), { recursive: true });
  const log = join(folder, "redis.log");
  const command = await bringRedis(folder);
  const [port] = await freePorts(1);
  const settings = {
    port,
    bind: "127.0.0.1",
    dir: join(folder, "data"),
    save: "",
    appendonly: "no",
    "maxmemory-policy": "noeviction",
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const address = `127.0.0.1:${port}`;
  return [await launch({ command, args, log, address, probe: REDIS_PROBE, withinMs: READY_WITHIN_MS })];
}
