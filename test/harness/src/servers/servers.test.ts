import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { environment } from "../checkout.ts";
import { Child } from "../child.ts";
import { freePorts } from "../ports/free-ports.ts";
import { until } from "../until.ts";
import { addressesOf } from "./address.ts";
import { CASSANDRA_PROBE } from "./cassandra/server.ts";
import { cassandraServer, kafkaServer, redisServer } from "./index.ts";
import { knowsBrokers } from "./kafka/probe.ts";
import { KEEPER_VARIABLE } from "./keeper-client.ts";
import { KINDS } from "./kinds.ts";
import { ask } from "./probe.ts";
import { REDIS_PROBE } from "./redis/server.ts";

beforeAll(async () => {
  await Promise.all([redisServer(), cassandraServer(), kafkaServer()]);
});

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
  await ask(brokers[0] ?? "", knowsBrokers(1));
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

test.each(["redis", "cassandra", "kafka"] as const)(
  "fails with the variable's name when the %s that was given does not answer",
  async (kind) => {
    const { variable } = KINDS[kind];
    const [port] = await freePorts(1);
    vi.stubEnv(variable, `127.0.0.1:${port}`);
    await expect(addressesOf(kind)).rejects.toThrow(`${variable}=127.0.0.1:${port} cannot be used: `);
    vi.stubEnv(variable, "somewhere");
    await expect(addressesOf(kind)).rejects.toThrow(
      `${variable}=somewhere cannot be used: Error: "somewhere" is not host:port`,
    );
  },
);

test("fails with the end of its log when a server does not start, and keeps the log", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "redis-server"), "#!/bin/sh\necho out of ideas\nexit 3\n", { mode: 0o755 });
  const run = startAsker({ PATH: folder, TMPDIR: folder });
  await run.exit;
  const [, log = ""] =
    /no redis for the tests: .* ended: exit code 3\. Its log, (\S+), ends:\nout of ideas/.exec(run.stderr) ?? [];
  await until("the keeper is gone", () => !existsSync(join(log, "../../keeper")));
  expect(readFileSync(log, "utf8")).toBe("out of ideas\n");
});

test("fails with the line to type when a server is not installed and cannot be", async () => {
  const folder = temporaryFolder();
  const run = startAsker({ PATH: folder, TMPDIR: folder });
  await run.exit;
  expect(run.stderr).toContain(
    "no redis for the tests: redis-server is needed. Type: sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless maven redis-server",
  );
});

test("uses compose.yaml's server where nothing is installed, nothing may be, and Docker answers; and stops it", async () => {
  const folder = temporaryFolder();
  const calls = join(folder, "calls");
  writeFileSync(join(folder, "docker"), `#!/bin/sh\necho "$@" >> ${calls}\n`, { mode: 0o755 });
  const run = startAsker({ PATH: folder, TMPDIR: folder });
  expect(await urlOf(run)).toBe("redis://127.0.0.1:26379");
  run.kill("SIGKILL");
  await until("it is stopped", () =>
    /compose --file \S+compose.yaml rm --stop --force claims/.test(readFileSync(calls, "utf8")),
  );
  expect(readFileSync(calls, "utf8")).toMatch(/compose --file \S+compose.yaml up --detach --wait claims/);
});

test("uses an address that was given", async () => {
  const { url } = await redisServer();
  vi.stubEnv(KEEPER_VARIABLE, "/nowhere");
  vi.stubEnv("MILLRACE_TEST_REDIS", url.slice("redis://".length));
  expect(await redisServer()).toEqual({ url });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-keeper-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

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
