/**
 * The SDK over a line that breaks, stalls, crawls and swallows answers, by chance from a seed that is printed: what `track`
 * took counts exactly once. `MILLRACE_FAULT_SEED` and `MILLRACE_FAULT_MS` run it again, or for longer.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMillrace } from "@millrace/client";
import { startMillrace, until } from "@millrace/harness";
import { countedTicks, createTicks } from "@millrace/harness/load";
import { expect, it, onTestFinished } from "vitest";
import { FaultProxy } from "./fault-proxy.ts";

const PROJECT = "ticks";
const SEED = Number(process.env["MILLRACE_FAULT_SEED"] ?? Date.now() % 1e6);
const FAULTY_MS = Number(process.env["MILLRACE_FAULT_MS"] ?? 5_000);
const KINDS = [
  { name: "grpc", transport: "grpc", isSpooled: false },
  { name: "fetch", transport: "fetch", isSpooled: false },
  { name: "spooled grpc", transport: "grpc", isSpooled: true },
  { name: "spooled fetch", transport: "fetch", isSpooled: true },
] as const;

it("counts every event once, whatever becomes of the connections", async () => {
  const millrace = await startMillrace();
  const key = await createTicks(millrace, PROJECT);
  const clients = await Promise.all(
    KINDS.map(async ({ name, transport, isSpooled }, i) => {
      const proxy = new FaultProxy(Number(new URL(millrace.url).port), SEED + i);
      const url = await proxy.start();
      onTestFinished(() => proxy.stop());
      const directory = mkdtempSync(join(tmpdir(), "millrace-spool-"));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const client = createMillrace({
        url,
        key,
        transport,
        batch: { events: 50, delayMs: 20 },
        retry: { maxDelayMs: 500 },
        onIssue: () => {},
        ...(isSpooled && { spool: { directory } }),
      });
      onTestFinished(async () => void (await client.close({ timeoutMs: 0 })));
      let count = 0;
      const timer = setInterval(() => {
        for (let j = 0; j < 10; j++) if (client.track("tick", { producer: name, amount: 1 })) count++;
      }, 10);
      const stop = (): number => {
        clearInterval(timer);
        proxy.become(["none"]);
        return count;
      };
      return { name, client, proxy, directory, stop };
    }),
  );
  const endsAt = performance.now() + FAULTY_MS;
  await until("the time is over", () => performance.now() > endsAt, { withinMs: FAULTY_MS + 1000 });
  let total = 0;
  const accounts = [];
  for (const { name, client, proxy, stop } of clients) {
    const count = stop();
    total += count;
    const flushed = await client.flush({ timeoutMs: 60_000 });
    const { accepted, duplicate, retries, rejected, dropped } = client.stats();
    const faults = [...proxy.chosen].map(([fault, times]) => `${fault} ${times}`).join(", ");
    process.stdout.write(
      `  seed ${SEED}, ${name}: ${count} events, ${duplicate} twice, ${retries} retries; ${faults}\n`,
    );
    accounts.push({ name, count, ...flushed, settled: accepted + duplicate, rejected, dropped });
  }
  const good = { pending: 0, rejected: {}, dropped: {} };
  expect(accounts).toEqual(accounts.map(({ name, count }) => ({ name, count, ...good, settled: count })));
  await millrace.untilCounted(PROJECT, total);
  const counted = await countedTicks(millrace, PROJECT);
  expect(accounts.map(({ name }) => counted.get(name)?.count)).toEqual(accounts.map(({ count }) => count));
  for (const { client, directory } of clients) {
    await client.close();
    expect(readdirSync(directory)).toEqual([]);
  }
});
