import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { environment } from "../checkout.ts";
import { Child } from "../child.ts";
import { until } from "../until.ts";
import { CASSANDRA_PROBE } from "./cassandra/server.ts";
import { freePorts } from "./free-ports.ts";
import { cassandraServer, kafkaServer, redisServer } from "./index.ts";
import { KAFKA_PROBE } from "./kafka/probe.ts";
import { KEEPER_VARIABLE } from "./keeper-client.ts";
import { ask } from "./probe.ts";
import { REDIS_PROBE } from "./redis/server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("gives everybody who asks the same server, in other processes too", async () => {
  const [one, other] = await Promise.all([redisServer(), redisServer()]);
  const elsewhere = await urlOf(startAsker({ [KEEPER_VARIABLE]: process.env[KEEPER_VARIABLE] ?? "" }));
  expect(other).toEqual(one);
  expect(elsewhere).toBe(one.url);
  expect(await isAnswering(one.url)).toBe(true);
});

test("gives a Cassandra that speaks its protocol", async () => {
  const { contactPoints, localDataCenter } = await cassandraServer();
  await ask(contactPoints[0] ?? "", CASSANDRA_PROBE);
  expect(localDataCenter).toBe("datacenter1");
});

test("gives a Kafka that speaks its protocol", async () => {
  const { brokers } = await kafkaServer();
  await ask(brokers[0] ?? "", KAFKA_PROBE);
});

test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
  "stops the servers of a run that %s ended, and leaves no data",
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-keeper-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const run = startAsker({ TMPDIR: folder });
    const url = await urlOf(run);
    expect(await isAnswering(url)).toBe(true);

    run.kill(signal);
    await run.exit;

    await until("the server is gone", async () => !(await isAnswering(url)));
    await until("nothing is left of it", () => readdirSync(folder).length === 0);
  },
);

test("fails with the variable's name when an address that was given does not answer", async () => {
  const [port] = await freePorts(1);
  vi.stubEnv("MILLRACE_TEST_REDIS", `127.0.0.1:${port}`);
  await expect(redisServer()).rejects.toThrow(`MILLRACE_TEST_REDIS=127.0.0.1:${port} cannot be used: `);
  vi.stubEnv("MILLRACE_TEST_REDIS", "somewhere");
  await expect(redisServer()).rejects.toThrow(
    'MILLRACE_TEST_REDIS=somewhere cannot be used: Error: "somewhere" is not host:port',
  );
});

test("uses an address that was given", async () => {
  const { url } = await redisServer();
  vi.stubEnv(KEEPER_VARIABLE, "/nowhere");
  vi.stubEnv("MILLRACE_TEST_REDIS", url.slice("redis://".length));
  expect(await redisServer()).toEqual({ url });
});

function startAsker(settings: Readonly<Record<string, string>>): Child {
  const child = new Child(join(import.meta.dirname, "asker-child.ts"), [], {
    cwd: tmpdir(),
    env: environment(settings),
  });
  onTestFinished(() => child.kill("SIGKILL"));
  return child;
}

async function urlOf(child: Child): Promise<string> {
  return until("it tells the address", () => {
    if (child.ended !== undefined) throw new Error(child.stderr);
    return /redis:\S+/.exec(child.stdout)?.[0];
  });
}

async function isAnswering(url: string): Promise<boolean> {
  return ask(url.slice("redis://".length), REDIS_PROBE).then(
    () => true,
    () => false,
  );
}
