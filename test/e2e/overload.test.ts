/**
 * More at once than the process may hold: it refuses, saying when to come back, rather than grow; and everything is
 * counted once in the end.
 */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { startMillrace } from "@millrace/harness";
import { createTicks, type EventInit } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";

const PROJECT = "ticks";
const CALLERS = 24;
const BATCHES_A_CALLER = 3;
const EVENTS_A_BATCH = 1000;
const BYTES_IN_FLIGHT = 8 * 1024 * 1024;
const FILLER = "x".repeat(1000);
/** Far above what is in flight and what a process needs to live, far below what is offered if it were kept. */
const GROWTH_BYTES_MAX = 256 * 1024 * 1024;

function batchOf(caller: number, batch: number): EventInit[] {
  const nowMs = Date.now();
  return Array.from({ length: EVENTS_A_BATCH }, (_, i) => ({
    name: "tick",
    eventId: `${caller}-${batch}-${i}`,
    time: timestampFromMs(nowMs),
    properties: { producer: "many", amount: 1, [`p${i % 3}`]: FILLER },
  }));
}

describe("more than the process may hold", () => {
  it("is refused with the time to come back, without growth, and counts once in the end", async () => {
    const env = { MILLRACE_BYTES_IN_FLIGHT: "8MiB" };
    const millrace = await startMillrace({ env });
    const key = await createTicks(millrace, PROJECT);
    const beforeBytes = await millrace.rssBytes();
    let mostBytes = beforeBytes;
    let refusals = 0;
    let delayMsMin = Number.POSITIVE_INFINITY;

    async function send(events: EventInit[], caller: number): Promise<void> {
      const client = millrace.client(IngestService, key, caller % 2 === 0 ? "grpc" : "connect");
      for (;;) {
        try {
          const { acceptedCount, duplicateCount } = await client.send({ events });
          expect(acceptedCount + duplicateCount).toBe(EVENTS_A_BATCH);
          return;
        } catch (thrown) {
          const error = ConnectError.from(thrown);
          expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, expect.any(String)]);
          expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("OVERLOADED");
          const delay = error.findDetails(RetryInfoSchema)[0]!.retryDelay!;
          const delayMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
          delayMsMin = Math.min(delayMsMin, delayMs);
          refusals++;
          await new Promise((resolve) => setTimeout(resolve, delayMs * (0.2 + Math.random())));
        }
      }
    }
    async function call(caller: number): Promise<void> {
      for (let batch = 0; batch < BATCHES_A_CALLER; batch++) await send(batchOf(caller, batch), caller);
    }
    const watching = setInterval(() => {
      void millrace.rssBytes().then((bytes) => {
        mostBytes = Math.max(mostBytes, bytes);
      });
    }, 100);
    try {
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
    } finally {
      clearInterval(watching);
    }
    const total = CALLERS * BATCHES_A_CALLER * EVENTS_A_BATCH;
    expect(await millrace.untilCounted(PROJECT, total)).toMatchObject({
      foldedCount: BigInt(total),
      deadLetteredCount: 0n,
      lateCount: 0n,
    });
    const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
    process.stdout.write(
      `${total} events of 1 KiB, ${mebibytes(BYTES_IN_FLIGHT)} in flight at most: ${refusals} refusals; ` +
        `resident ${mebibytes(beforeBytes)} before, ${mebibytes(mostBytes)} at most\n`,
    );
    expect(refusals).toBeGreaterThan(0);
    expect(delayMsMin).toBeGreaterThan(0);
    expect(mostBytes - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
  });

  it("is told to people with Retry-After", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_BYTES_IN_FLIGHT: "8MiB" } });
    const headers = { "x-api-key": millrace.keys.projectKeys["demo"]!, "content-type": "application/json" };
    const event = { name: "page_view", properties: { a: FILLER, b: FILLER, c: FILLER } };
    const body = JSON.stringify(Array.from({ length: EVENTS_A_BATCH }, () => event));
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => fetch(`${millrace.url}/v1/events`, { method: "POST", headers, body })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(refused.length + accepted.length).toBe(answers.length);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
    const sheet = await millrace.untilCounted("demo", accepted.length * EVENTS_A_BATCH);
    expect(sheet!.acceptedCount).toBe(BigInt(accepted.length * EVENTS_A_BATCH));
  });
});
