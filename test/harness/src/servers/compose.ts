import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "../checkout.ts";
import { LINE_TO_TYPE } from "./machine.ts";
import { runProgram } from "./programs.ts";

const FILE = join(CHECKOUT, "compose.yaml");
const ANSWERS_WITHIN_MS = 10_000;

/** A server of compose.yaml. */
export type ComposeServer = {
  readonly service: string;
  /** Where it is on this machine, as host:port. */
  readonly address: string;
};

/** Those that stand for the servers of tests, by kind. */
export const COMPOSE_SERVERS: Readonly<Record<string, ComposeServer>> = {
  kafka: { service: "kafka", address: "127.0.0.1:29092" },
  cassandra: { service: "cassandra", address: "127.0.0.1:29042" },
  redis: { service: "claims", address: "127.0.0.1:26379" },
};

const started = new Set<string>();

/** Whether `docker compose` is there, and an engine that this user may speak to. */
export function hasDocker(): boolean {
  return [
    ["compose", "version"],
    ["info", "--format", "{{.ID}}"],
  ].every((args) => spawnSync("docker", args, { stdio: "ignore", timeout: ANSWERS_WITHIN_MS }).status === 0);
}

/**
 * The address of compose.yaml's server of a kind. One that runs is used as it is; otherwise it is started, and stopped by
 * {@link stopCompose}.
 *
 * @throws Error with the line to type for a kind that compose.yaml does not have, such as a cluster
 */
export async function composeAddress(kind: string, log: string): Promise<string> {
  const server = COMPOSE_SERVERS[kind];
  if (server === undefined) throw new Error(`compose.yaml has no ${kind}. Type: ${LINE_TO_TYPE}`);
  const { service, address } = server;
  const running = spawnSync("docker", ["compose", "--file", FILE, "ps", "--quiet", "--status=running", service]);
  if (running.stdout?.length) return address;
  process.stderr.write(`Starting ${service} of compose.yaml for the tests\n`);
  started.add(service);
  await runProgram({ command: "docker", args: ["compose", "--file", FILE, "up", "--detach", "--wait", service], log });
  return address;
}

/** Removes what {@link composeAddress} has started; its data stay in its volume. */
export function stopCompose(): void {
  if (started.size === 0) return;
  const args = ["compose", "--file", FILE, "rm", "--stop", "--force", ...started];
  spawnSync("docker", args, { stdio: "ignore", timeout: 60_000 });
}
