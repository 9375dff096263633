/**
 * SIGTERM while producers are sending: the process answers what it has, loses nothing that it acknowledged, and ends with
 * 0. A second SIGTERM ends it at once.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { StreamResponse_EndCause as EndCause, IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { startMillrace, until } from "@millrace/harness";
import { accountLine, createTicks, expectExactlyOnce, HABITS, Producer } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";

const PROJECT = "ticks";
const OPEN_STREAMS = 8;

describe("SIGTERM", () => {
  it("answers every open stream, ends with 0, and loses nothing that was acknowledged", async () => {
    const millrace = await startMillrace();
    const key = await createTicks(millrace, PROJECT);
    const producers = HABITS.map((habit) => new Producer(millrace, PROJECT, key, habit));
    const stop = new AbortController();
    const runs = producers.map((producer) => producer.run(stop.signal));

    // Streams that would go on for long; what they sent was read before the signal.
    const idle = Promise.withResolvers<void>();
    const client = millrace.client(IngestService, key);
    const streams = Array.from({ length: OPEN_STREAMS }, (_, i) => {
      async function* messages() {
        for (let sequence = 1n; sequence <= 3n; sequence++) {
          yield { streamId: `open-${i}`, sequence, events: [{ name: "tick", properties: { producer: "open" } }] };
        }
        await idle.promise;
      }
      return client.stream(messages());
    });
    await until("the open streams were read", async () => {
      const { balance } = await millrace.status(PROJECT);
      const made = producers.reduce((sum, { account }) => sum + account.acknowledged, 0);
      return made > 500 && Number(balance!.acceptedCount) > OPEN_STREAMS * 3;
    });

    const startMs = performance.now();
    expect(await millrace.terminate()).toEqual({ code: 0, signal: null });
    const drainedMs = performance.now() - startMs;
    for (const answer of await Promise.all(streams)) {
      expect(answer).toMatchObject({
        endCause: EndCause.DRAINING,
        durableThroughSequence: 3n,
        acceptedCount: 3n,
      });
    }
    idle.resolve();
    expect(millrace.output).not.toContain('"level":50');

    await millrace.restart();
    for (const producer of producers) producer.stop();
    await Promise.all(runs);
    process.stdout.write(`drained in ${drainedMs.toFixed(0)} ms\n${producers.map(accountLine).join("")}`);
    await expectExactlyOnce(millrace, PROJECT, producers, OPEN_STREAMS * 3);
  });

  it("answers calls that come meanwhile, and tells probes that it is not ready", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_DRAIN_DELAY_MS: "1000" } });
    const client = millrace.client(IngestService, millrace.keys.projectKeys["demo"]);
    millrace.signal("SIGTERM");
    await until("it is not ready", async () => (await fetch(`${millrace.adminUrl}/readyz`)).status === 503);
    const { acceptedCount } = await client.send({ events: [{ name: "page_view", properties: { url: "/" } }] });
    expect(acceptedCount).toBe(1);
    expect(await millrace.exit).toEqual({ code: 0, signal: null });
    const refused = await client.send({ events: [{ name: "page_view" }] }).catch(ConnectError.from);
    expect(refused).toMatchObject({ code: Code.Unavailable });
    await millrace.restart();
    expect(await millrace.untilCounted("demo", 1)).toMatchObject({ foldedCount: 1n });
  });

  it("ends the process at once when it comes a second time, and what was acknowledged is still there", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_DRAIN_DELAY_MS: "20s" } });
    const client = millrace.client(IngestService, millrace.keys.projectKeys["demo"]);
    await client.send({ events: [{ name: "page_view", properties: { url: "/" } }] });
    const startMs = performance.now();
    millrace.signal("SIGTERM");
    await until("it is stopping", () => millrace.output.includes("stopping"));
    expect(await millrace.terminate()).toEqual({ code: 1, signal: null });
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(millrace.output).toContain("a second signal: ending by force");
    await millrace.restart();
    expect(await millrace.untilCounted("demo", 1)).toMatchObject({ foldedCount: 1n });
  });
});
