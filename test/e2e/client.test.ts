/**
 * The SDK against a real server that is killed, drained and away, and a producer that is killed itself: every event counts
 * once, and the client's own account says the same as the server's.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Millrace as Client, createMillrace, type Issue } from "@millrace/client";
import { CHECKOUT, Child, environment, type Millrace, startMillrace, until } from "@millrace/harness";
import { countedTicks, createTicks } from "@millrace/harness/load";
import { lastingPort } from "@millrace/harness/ports";
import { expect, it, onTestFinished } from "vitest";

const PROJECT = "ticks";
const CHILD = join(CHECKOUT, "test/e2e/client-child.ts");
const FLUSH_MS = 60_000;
const EVENTS_A_LIFE = 3_000;

/** Starts a server that comes back at the same address. */
async function startAtOneAddress(): Promise<Millrace> {
  return startMillrace({ env: { MILLRACE_PORT: String(await lastingPort()) } });
}

/** Tracks events until told to stop; gives how many. */
function produce(client: Client, producer: string): () => number {
  let count = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 20; i++) {
      client.track("tick", { producer, amount: 1 }, { userId: `u${count % 50}` });
      count++;
    }
  }, 5);
  return () => {
    clearInterval(timer);
    return count;
  };
}

async function expectCounted(millrace: Millrace, producer: string, count: number): Promise<void> {
  const sheet = await millrace.untilCounted(PROJECT, count);
  expect(sheet).toMatchObject({ foldedCount: BigInt(count), lateCount: 0n, deadLetteredCount: 0n });
  expect((await countedTicks(millrace, PROJECT)).get(producer)).toMatchObject({ count });
}

it.each(["grpc", "fetch"] as const)(
  "counts every event once over kills and drains of the server, by %s",
  async (transport) => {
    const millrace = await startAtOneAddress();
    const key = await createTicks(millrace, PROJECT);
    const issues: Issue[] = [];
    const client = createMillrace({
      url: millrace.url,
      key,
      transport,
      retry: { maxDelayMs: 500 },
      onIssue: (issue) => issues.push(issue),
    });
    onTestFinished(async () => void (await client.close({ timeoutMs: 0 })));
    const stop = produce(client, transport);
    for (const ending of ["kill9", "terminate", "kill9", "terminate"] as const) {
      const { accepted } = client.stats();
      await until("more is accepted", () => client.stats().accepted > accepted + 200);
      await millrace[ending]();
      const { tracked } = client.stats();
      await until("it was tracked without a server", () => client.stats().tracked > tracked + 200);
      await millrace.restart();
    }
    const count = stop();
    expect(await client.flush({ timeoutMs: FLUSH_MS })).toEqual({ pending: 0 });
    const { accepted, duplicate, rejected, dropped, retries } = client.stats();
    expect({ delivered: accepted + duplicate, rejected, dropped }).toEqual({
      delivered: count,
      rejected: {},
      dropped: {},
    });
    expect(retries).toBeGreaterThan(0);
    expect(new Set(issues.map(({ kind }) => kind))).toEqual(new Set(["retrying"]));
    await expectCounted(millrace, transport, count);
  },
);

it("loses nothing that was tracked into the spool, though the server is away and the producer is killed", async () => {
  const millrace = await startAtOneAddress();
  const key = await createTicks(millrace, PROJECT);
  const { url } = millrace;
  const directory = mkdtempSync(join(tmpdir(), "millrace-spool-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const run = async (count: number) => {
    const args = [url, key, directory, String(count)];
    const child = new Child(CHILD, args, { cwd: directory, env: environment({}) });
    return { exit: await child.exit, child };
  };
  const lives = [
    { begins: "with the server", before: async () => {} },
    { begins: "when the server has died", before: () => millrace.kill9() },
    { begins: "while it is away", before: async () => {} },
    { begins: "when it is back", before: () => millrace.restart() },
  ];
  for (const { begins, before } of lives) {
    await before();
    const { exit, child } = await run(EVENTS_A_LIFE);
    expect(exit, `${begins}: ${child.stderr}`).toEqual({ code: null, signal: "SIGKILL" });
  }
  const { child } = await run(0);
  expect(JSON.parse(child.stdout)).toMatchObject({
    pending: 0,
    tracked: 0,
    rejected: {},
    dropped: {},
    spooledBytes: 0,
  });
  expect(readdirSync(directory)).toEqual([]);
  await expectCounted(millrace, "spooled", lives.length * EVENTS_A_LIFE);
});
