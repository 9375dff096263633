import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { environment } from "../../checkout.ts";
import { Child } from "../../child.ts";
import { BLACK_HOLE } from "../../tcp-proxy.ts";
import { until } from "../../until.ts";
import { CASSANDRA_PROBE } from "../cassandra/server.ts";
import { type OwnServers, ownCassandra, ownKafka, ownRedis } from "../index.ts";
import { knowsBroker } from "../kafka/probe.ts";
import { ask } from "../probe.ts";

const DURABLE = { appendonly: "yes", appendfsync: "always" };

test("gives each who asks a server of its own", async () => {
  const [one, other] = await Promise.all([redis(), redis()]);
  expect(one.addresses).not.toEqual(other.addresses);
});

test("starts what was killed or stopped again, with its data, at its port", async () => {
  const servers = await redis();
  const { address } = node(servers);
  for (const end of ["kill9", "stop"] as const) {
    await say(address, `SET ended-by ${end}`);
    await node(servers)[end]();
    await expect(say(address, "PING")).rejects.toThrow("ECONNREFUSED");
    await node(servers).start();
    expect(await say(address, "GET ended-by")).toContain(end);
  }
});

test("freezes a server, whose connections stay, and thaws it", async () => {
  const servers = await redis();
  const { address, freeze, thaw, kill9 } = node(servers);
  await freeze();
  const answer = say(address, "PING");
  // A server that is not frozen answers within a millisecond or two.
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, "silence"))]);
  expect(first).toBe("silence");
  await thaw();
  expect(await answer).toContain("PONG");
  await freeze();
  await kill9();
});

test("refuses to start what runs, and to kill what does not", async () => {
  const servers = await redis();
  const { address, start, kill9 } = node(servers);
  await expect(start()).rejects.toThrow(`${address} runs`);
  await kill9();
  await expect(kill9()).rejects.toThrow(`${address} does not run`);
  await servers.dispose();
  await servers.dispose();
  await expect(start()).rejects.toThrow("the servers were disposed of");
});

test("removes its servers when they are disposed of, and when the process that asked was killed", async () => {
  const servers = await redis();
  await servers.dispose();
  await expect(say(node(servers).address, "PING")).rejects.toThrow("ECONNREFUSED");

  const folder = mkdtempSync(join(tmpdir(), "millrace-own-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = environment({ MILLRACE_TEST_SERVERS: process.env["MILLRACE_TEST_SERVERS"] ?? "" });
  const run = new Child(join(import.meta.dirname, "owner-child.ts"), [], { cwd: folder, env });
  const address = await until("it tells the address", () => {
    if (run.ended !== undefined) throw new Error(run.stderr);
    return /\S+:\d+/.exec(run.stdout)?.[0];
  });
  await say(address, "PING");
  run.kill("SIGKILL");
  await until("its server is gone", () =>
    say(address, "PING").then(
      () => false,
      () => true,
    ),
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("puts proxies in front of Redis, Kafka and Cassandra, and keeps the servers behind them reachable", async () => {
  const all = await Promise.all([
    redis({ proxied: true }),
    ownKafka({ proxied: true, ways: 2 }).then(disposed),
    ownCassandra({ proxied: true, commitlogSync: "group" }).then(disposed),
  ]);
  const probes = [undefined, knowsBroker(1), CASSANDRA_PROBE];
  for (const [i, servers] of all.entries()) {
    const { proxy, address } = node(servers);
    const probe = probes[i];
    const answers = (at: string) => (probe === undefined ? say(at, "PING") : ask(at, probe));
    await answers(servers.addresses[0] ?? "");
    expect(proxy?.accepted).toBe(1);
    await proxy?.become({ refuses: true });
    await expect(answers(servers.addresses[0] ?? "")).rejects.toThrow("ECONNREFUSED");
    for (const other of node(servers).proxies.slice(1)) await answers(other.address);
    await answers(address);
    await proxy?.become(BLACK_HOLE);
  }
});

async function redis({ proxied = false } = {}): Promise<OwnServers> {
  return disposed(await ownRedis({ proxied, settings: DURABLE }));
}

function disposed(servers: OwnServers): OwnServers {
  onTestFinished(() => servers.dispose());
  return servers;
}

function node(servers: OwnServers) {
  const [first] = servers.nodes;
  if (first === undefined) throw new Error("no node");
  return first;
}

/** The first answer of a Redis to an inline command. */
function say(address: string, command: string): Promise<string> {
  const [host = "", port] = address.split(":");
  const socket = connect({ host, port: Number(port) });
  return new Promise<string>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
    socket.on("data", (bytes) => resolve(bytes.toString()));
    socket.write(`${command}\r\n`);
  }).finally(() => socket.destroy());
}
