import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Reason } from "@millrace/api/millrace/failure/v1/reason_pb";
import {
  StreamResponse_EndCause as EndCause,
  Outcome,
  type StreamRequest,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMillrace, type Issue, type Millrace, type MillraceOptions } from "./node.ts";
import { type FakeServices, Ledger, startFakeServer } from "./testing/fake-server.ts";

/** A client that is quick, and closed when the test ends. */
function open(url: string, options: Partial<MillraceOptions> = {}): { client: Millrace; issues: Issue[] } {
  const issues: Issue[] = [];
  const client = createMillrace({
    url,
    key: "key",
    batch: { events: 10, delayMs: 1 },
    retry: { initialDelayMs: 1, maxDelayMs: 20, blockedDelayMs: 100 },
    onIssue: (issue) => issues.push(issue),
    ...options,
  });
  onTestFinished(async () => void (await client.close({ timeoutMs: 0 })));
  return { client, issues };
}

function track(client: Millrace, count: number): void {
  for (let i = 0; i < count; i++) client.track("e", { i });
}

/** A stream that takes everything to its end. */
async function takeAll(requests: AsyncIterable<StreamRequest>, ledger: Ledger, most = Number.POSITIVE_INFINITY) {
  let [through, accepted, duplicate, messages] = [0n, 0, 0, 0];
  for await (const message of requests) {
    const taken = ledger.take(message);
    accepted += taken.accepted;
    duplicate += taken.duplicate;
    through = message.sequence;
    if (++messages >= most) break;
  }
  return {
    ...(through > 0n && { durableThroughSequence: through }),
    acceptedCount: BigInt(accepted),
    duplicateCount: BigInt(duplicate),
  };
}

const delivered = { queued: 0, inFlight: 0, rejected: {}, dropped: {} };

describe("by streams", () => {
  it("numbers the messages of one stream id over its streams, and shows the key", async () => {
    const seen: { streamId: string; sequence: bigint }[][] = [];
    const keys = new Set<string | null>();
    const { url } = await startFakeServer({
      ingest: {
        async stream(requests, { requestHeader }) {
          keys.add(requestHeader.get("authorization"));
          const messages: StreamRequest[] = [];
          for await (const message of requests) messages.push(message);
          seen.push(messages.map(({ streamId, sequence }) => ({ streamId, sequence })));
          return { durableThroughSequence: messages.at(-1)!.sequence, acceptedCount: 10n * BigInt(messages.length) };
        },
      },
    });
    const { client } = open(url);
    for (let i = 0; i < 2; i++) {
      track(client, 20);
      expect(await client.flush()).toEqual({ pending: 0 });
    }
    const [{ streamId } = { streamId: "" }] = seen[0]!;
    expect(streamId).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen).toEqual([
      [
        { streamId, sequence: 1n },
        { streamId: "", sequence: 2n },
      ],
      [
        { streamId, sequence: 3n },
        { streamId: "", sequence: 4n },
      ],
    ]);
    expect(keys).toEqual(new Set(["Bearer key"]));
  });

  it.each([
    { what: "early, because the server drains", endCause: EndCause.DRAINING },
    { what: "early, for its bytes", endCause: EndCause.BYTES },
    { what: "early, because an append failed", endCause: EndCause.APPEND_FAILED },
  ])("sends again what an answer does not cover that comes $what", async ({ endCause }) => {
    const ledger = new Ledger();
    let streams = 0;
    const { url } = await startFakeServer({
      ingest: {
        async stream(requests) {
          // Only the first few are cut short.
          const most = ++streams < 4 ? streams : undefined;
          const taken = await takeAll(requests, ledger, most);
          return { ...taken, endCause: most === undefined ? EndCause.COMPLETE : endCause };
        },
      },
    });
    const { client } = open(url);
    track(client, 200);
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(200);
    expect(client.stats()).toMatchObject(delivered);
  });

  it("survives that the server sends GOAWAY again and again, with nothing lost and nothing twice", async () => {
    const ledger = new Ledger();
    const server = await startFakeServer({ ingest: { stream: (requests) => takeAll(requests, ledger) } });
    const { client } = open(server.url);
    for (let turn = 0; turn < 8; turn++) {
      track(client, 50);
      const flushed = client.flush();
      await new Promise((resolve) => setImmediate(resolve));
      server.goAway();
      expect(await flushed).toEqual({ pending: 0 });
    }
    expect(ledger.counted.size).toBe(400);
    expect(server.connections).toBeGreaterThan(1);
    const { accepted, duplicate } = client.stats();
    expect(accepted + duplicate).toBe(400);
  });

  it("survives streams that are refused and reset", async () => {
    const ledger = new Ledger();
    let streams = 0;
    const services: FakeServices = { ingest: { stream: (requests) => takeAll(requests, ledger) } };
    const server = await startFakeServer(services, {
      onStream: (stream) => {
        // REFUSED_STREAM, CANCEL, INTERNAL_ERROR; then they are served.
        const code = [7, 8, 2][streams++];
        if (code !== undefined) stream.close(code);
      },
    });
    const { client } = open(server.url);
    track(client, 50);
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(50);
    expect(streams).toBeGreaterThan(3);
    const { accepted, duplicate } = client.stats();
    expect(accepted + duplicate).toBe(50);
    expect(client.stats()).toMatchObject(delivered);
  });

  it("goes on where another server listens at the address", async () => {
    const ledger = new Ledger();
    const services: FakeServices = { ingest: { stream: (requests) => takeAll(requests, ledger) } };
    const first = await startFakeServer(services);
    const { url, port } = first;
    const { client } = open(url, { retry: { initialDelayMs: 40, maxDelayMs: 40 } });
    track(client, 50);
    await client.flush();
    await first.stop();
    track(client, 50);
    expect(await client.flush({ timeoutMs: 100 })).toEqual({ pending: 50 });
    await startFakeServer(services, { port });
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(100);
  });

  it("tells what was rejected, by reason, with the first of each", async () => {
    const { url } = await startFakeServer({
      ingest: {
        async stream(requests) {
          const taken = await takeAll(requests, new Ledger());
          const reason = Reason.EVENT_TIME_IN_FUTURE;
          const outcome = { index: 4, eventId: "x", outcome: Outcome.REJECTED, reason, field: "time", message: "no" };
          const reasons = [
            { reason, count: 2n },
            { reason: Reason.EVENT_DUPLICATE, count: 1n },
          ];
          const counts = { acceptedCount: 7n, duplicateCount: 1n, rejectedCount: 2n };
          return { ...taken, ...counts, outcomes: [{ sequence: 1n, outcome }], reasons };
        },
      },
    });
    const { client, issues } = open(url);
    track(client, 10);
    await client.flush();
    expect(client.stats()).toMatchObject({ accepted: 7, duplicate: 1, rejected: { EVENT_TIME_IN_FUTURE: 2 } });
    expect(issues).toEqual([
      { kind: "rejected", reason: "EVENT_TIME_IN_FUTURE", count: 2, message: "no", eventId: "x", field: "time" },
    ]);
  });
});

describe("by calls", () => {
  it("sends again only what the answer says, and counts the rest", async () => {
    const ledger = new Ledger();
    const calls: number[] = [];
    const services: FakeServices = {
      ingest: {
        send({ events }) {
          calls.push(events.length);
          // The third of each call could not be appended; alone, it can.
          const again = events.length > 1 ? [2] : [];
          const { accepted } = ledger.take({ events: events.filter((_, index) => !again.includes(index)) });
          const outcomes = again.map((index) => ({ index, outcome: Outcome.RETRY, reason: Reason.EVENT_NOT_APPENDED }));
          return { acceptedCount: accepted, retryCount: again.length, outcomes };
        },
      },
    };
    const { url } = await startFakeServer(services, { isHttp1: true });
    const { client } = open(url, { transport: "fetch" });
    track(client, 20);
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(20);
    expect(ledger.duplicates).toBe(0);
    expect(calls.toSorted((a, b) => a - b)).toEqual([1, 1, 10, 10]);
  });
});

/** What stands between a client and its server, and answers for it. */
const PROXIES = [
  { answer: "502 and a page", status: 502, type: "text/html", body: "<html>", kind: "retrying" },
  { answer: "404 and a page", status: 404, type: "text/html", body: "<html>", kind: "blocked" },
  { answer: "200 and a page", status: 200, type: "text/html", body: "<html>", kind: "retrying" },
  { answer: "200 and nothing", status: 200, type: "application/proto", body: "", kind: "retrying" },
  { answer: "400 of its own", status: 400, type: "application/json", body: '{"message":"bad"}', kind: "retrying" },
  { answer: "413", status: 413, type: "text/html", body: "<html>", kind: "retrying" },
  { answer: "a redirection", status: 307, type: "text/html", body: "", kind: "retrying" },
] as const;

describe.each(["grpc", "fetch"] as const)("by %s, what a proxy answers", (transport) => {
  it.each(PROXIES)("is no judgement of events: $answer", async ({ status, type, body, kind }) => {
    let calls = 0;
    const answer = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
      calls++;
      request.resume();
      response.statusCode = status;
      response.setHeader("content-type", type);
      response.setHeader("location", "http://127.0.0.1:1/");
      (response as ServerResponse).end(body);
    };
    const server = transport === "grpc" ? createHttp2Server(answer) : createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { client, issues } = open(url, { transport, retry: { initialDelayMs: 20, maxDelayMs: 20 } });
    track(client, 10);
    expect(await client.flush({ timeoutMs: 300 })).toEqual({ pending: 10 });
    expect(client.stats()).toMatchObject({ rejected: {}, dropped: {}, accepted: 0 });
    expect(issues[0]?.kind).toBe(kind);
    // Not in a loop without a rest: the budget of retries ends.
    expect(calls).toBeLessThan(20);
  });
});

describe("a producer", () => {
  it("waits for ever where it is told to, and no longer than until the client is closed", async () => {
    const { client } = open("http://127.0.0.1:1");
    track(client, 5);
    const flushed = client.flush({ timeoutMs: Number.POSITIVE_INFINITY });
    expect(await Promise.race([flushed, client.flush({ timeoutMs: 20 }).then(() => "longer")])).toBe("longer");
    await client.close({ timeoutMs: 0 });
    expect(await flushed).toEqual({ pending: 0 });
  });

  it("is never disturbed by a server that is away, and hears of it", async () => {
    const { client, issues } = open("http://127.0.0.1:1", { buffer: { events: 100 } });
    for (let i = 0; i < 150; i++) expect(client.track("e", { i })).toBe(true);
    expect(await client.flush({ timeoutMs: 50 })).toEqual({ pending: 100 });
    const { queued, inFlight, dropped } = client.stats();
    expect([queued + inFlight, dropped]).toEqual([100, { BUFFER_FULL: 50 }]);
    expect(new Set(issues.map(({ kind }) => kind))).toEqual(new Set(["dropped", "retrying"]));
  });

  it("loses nothing when it waits for room, however small the buffer is", async () => {
    const ledger = new Ledger();
    const { url } = await startFakeServer({ ingest: { stream: (requests) => takeAll(requests, ledger) } });
    const { client } = open(url, { overflow: "wait", buffer: { events: 50 } });
    for (let i = 0; i < 1000; i++) {
      await client.ready();
      expect(client.track("e", { i })).toBe(true);
    }
    expect(await client.close()).toEqual({ pending: 0 });
    expect([ledger.counted.size, client.stats().dropped]).toEqual([1000, {}]);
  });

  it("hears that its key is wrong, and loses nothing while the buffer lasts", async () => {
    const denied = new ConnectError("no such key", Code.Unauthenticated, undefined, [
      { desc: ErrorInfoSchema, value: { reason: "CREDENTIAL_UNKNOWN", domain: "millrace.dev" } },
    ]);
    let isKnown = false;
    const ledger = new Ledger();
    const { url } = await startFakeServer({
      ingest: {
        stream: (requests) => {
          if (!isKnown) throw denied;
          return takeAll(requests, ledger);
        },
      },
    });
    const { client, issues } = open(url);
    track(client, 30);
    expect(await client.flush({ timeoutMs: 50 })).toEqual({ pending: 30 });
    expect(issues[0]).toMatchObject({ kind: "blocked", reason: "CREDENTIAL_UNKNOWN", message: "no such key" });
    isKnown = true;
    expect(await client.flush()).toEqual({ pending: 0 });
    expect(ledger.counted.size).toBe(30);
  });

  it("hears of wrong events, and track gives false", () => {
    const { client, issues } = open("http://127.0.0.1:1");
    expect(client.track("")).toBe(false);
    expect(client.track("e", { list: [] as unknown as string })).toBe(false);
    const hostile = {
      get price(): number {
        throw new Error("no price");
      },
    };
    expect(client.track("e", hostile)).toBe(false);
    expect(issues.map(({ kind, reason, field }) => [kind, reason, field])).toEqual([
      ["rejected", "EVENT_NAME_MISSING", "name"],
      ["rejected", "EVENT_PROPERTY_VALUE_INVALID", "properties.list"],
      ["rejected", "EVENT_MALFORMED", undefined],
    ]);
  });

  it("takes no events after its end, and says what was left", async () => {
    const { client } = open("http://127.0.0.1:1");
    track(client, 5);
    expect(await client.close({ timeoutMs: 10 })).toEqual({ pending: 5 });
    expect(client.track("e")).toBe(false);
    expect(await client.close()).toEqual({ pending: 5 });
    expect(client.stats()).toMatchObject({ tracked: 6, queued: 0, inFlight: 0, dropped: { CLOSED: 6 } });
  });

  it.each([
    { option: "url", options: { url: "localhost" } },
    { option: "url", options: { url: "http://127.0.0.1:1/#token=login" } },
    { option: "key", options: { key: "" } },
    { option: "batch.events", options: { batch: { events: 1001 } } },
  ])("is told at once that $option is wrong", ({ option, options }) => {
    expect(() => open("http://127.0.0.1:1", options)).toThrow(
      expect.objectContaining({ kind: "invalid", violations: [expect.objectContaining({ field: option })] }),
    );
  });
});
