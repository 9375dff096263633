import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { Reason } from "@millrace/api/millrace/failure/v1/reason_pb";
import { IngestService, Outcome, type SendRequest } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it } from "vitest";
import { BATCH_EVENTS_MAX, packBatches } from "./batches.ts";
import { createEventMaker } from "./event-maker.ts";
import { readNdjson } from "./ndjson.ts";
import { sendBatches } from "./sender.ts";
import { Tally } from "./tally.ts";
import { inPieces } from "./test-rows.ts";

type Answer = {
  acceptedCount?: number;
  duplicateCount?: number;
  outcomes?: { index: number; outcome: Outcome; reason?: Reason; message?: string }[];
};

/** Sends lines to a server that answers as it is told. */
async function run(text: string, answer: (request: SendRequest, call: number) => Answer, giveUpAfterMs = 10_000) {
  const tally = new Tally();
  const stop = new AbortController();
  const requests: SendRequest[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(IngestService, {
      send(request) {
        requests.push(request);
        return answer(request, requests.length);
      },
    });
  });
  const zone = { name: "UTC", toUtc: (ms: number) => ms };
  const batches = packBatches(readNdjson(inPieces(text, 4_096)).rows, {
    maker: (row) =>
      createEventMaker({ rules: undefined, columns: undefined, textColumns: new Set(), zone, idSeed: "" }, row),
    selection: { skip: 0, limit: Number.POSITIVE_INFINITY, resumeAt: 0, oldBefore: 0 },
    tally,
    stop: stop.signal,
  });
  const client = createClient(IngestService, transport);
  const done = sendBatches(batches, { client, tally, giveUpAfterMs, stop, onWait: () => undefined });
  return { tally, requests, stop, done };
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => `{"name":"n","k":${n}}\n`).join("");

describe("sending a file", () => {
  it("packs at most a thousand events, and sends every one", async () => {
    const { tally, requests, done } = await run(lines(2_500), ({ events }) => ({ acceptedCount: events.length }));
    await done;
    expect(requests.map(({ events }) => events.length).sort()).toEqual([1_000, 1_000, 500]);
    expect(Math.max(...requests.map(({ events }) => events.length))).toBe(BATCH_EVENTS_MAX);
    expect(tally).toMatchObject({ read: 2_500, accepted: 2_500, unsettled: 0 });
  });

  it("keeps batches below half a mebibyte", async () => {
    const text = Array.from({ length: 100 }, () => `{"name":"n","k":"${"ü".repeat(10_000)}"}\n`).join("");
    const { requests, done } = await run(text, ({ events }) => ({ acceptedCount: events.length }));
    await done;
    expect(requests.length).toBeGreaterThanOrEqual(4);
    for (const { events } of requests) expect(events.length * 20_000).toBeLessThanOrEqual(512 * 1_024);
  });

  it("sends again, with the same ids, only what was not appended", async () => {
    const { tally, requests, done } = await run(lines(3), ({ events }, call) =>
      call === 1
        ? { acceptedCount: 2, outcomes: [{ index: 1, outcome: Outcome.RETRY }] }
        : { duplicateCount: events.length },
    );
    await done;
    expect(requests.map(({ events }) => events.map(({ eventId }) => eventId))).toEqual([
      [expect.any(String), requests[1]!.events[0]!.eventId, expect.any(String)],
      [requests[0]!.events[1]!.eventId],
    ]);
    expect(tally).toMatchObject({ accepted: 2, duplicate: 1, retried: 1, unsettled: 0 });
  });

  it("sends a batch again when the call broke off", async () => {
    const { tally, done } = await run(lines(3), ({ events }, call) => {
      if (call === 1) throw new ConnectError("the connection was reset", Code.Aborted);
      return { acceptedCount: events.length };
    });
    await done;
    expect(tally).toMatchObject({ accepted: 3, retried: 3 });
  });

  it("tells rejected rows by their lines, unreadable ones too", async () => {
    const { tally, done } = await run('{"name":"a"}\nnonsense\n\n{"name":"b"}\n', () => ({
      acceptedCount: 1,
      outcomes: [{ index: 1, outcome: Outcome.REJECTED, reason: Reason.EVENT_TIME_IN_FUTURE, message: "too early" }],
    }));
    await done;
    expect(tally.examples.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "UNREADABLE"],
      [4, "EVENT_TIME_IN_FUTURE"],
    ]);
  });

  it("gives up when the server stays away, and says for how long it tried", async () => {
    const { tally, done } = await run(
      lines(3),
      () => {
        throw new ConnectError("away", Code.Unavailable);
      },
      0,
    );
    await expect(done).rejects.toThrow(/gave up after 0 s: the server can not be reached \(.*away\)/);
    expect(tally.unsettled).toBe(3);
  });

  it("stops at once when the key is refused", async () => {
    const { requests, done } = await run(lines(10_000), () => {
      throw new ConnectError("no", Code.PermissionDenied);
    });
    await expect(done).rejects.toThrow(/no/);
    expect(requests.length).toBeLessThanOrEqual(4);
  });

  it("reads nothing more once it was interrupted, and settles what is in flight", async () => {
    const { tally, stop, done } = await run(lines(50_000), ({ events }) => {
      stop.abort();
      return { acceptedCount: events.length };
    });
    await done;
    expect(tally.accepted).toBeGreaterThanOrEqual(1_000);
    expect(tally.read).toBeLessThan(50_000);
  });
});
