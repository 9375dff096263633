import { connect } from "node:http2";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { Reason } from "@millrace/api/millrace/failure/v1/reason_pb";
import {
  StreamResponse_EndCause as EndCause,
  IngestService,
  Outcome,
  StreamRequestSchema,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, failingLog, NOW, startIngest } from "../testing/fixture.ts";

type Message = MessageInitShape<typeof StreamRequestSchema>;
type PlainMessage = { streamId: string; sequence: bigint; events: MessageInitShape<typeof EventSchema>[] };
const KEY = bearer("ingest-key");

/** Messages that are sent one by one, as the test says, until it ends them. */
function producer() {
  const waiting: ((result: IteratorResult<Message>) => void)[] = [];
  const queued: IteratorResult<Message>[] = [];
  const put = (result: IteratorResult<Message>): void => {
    const taker = waiting.shift();
    if (taker === undefined) queued.push(result);
    else taker(result);
  };
  const messages: AsyncIterable<Message> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const ready = queued.shift();
        return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
      },
      return: async () => ({ done: true, value: undefined }),
      throw: async () => ({ done: true, value: undefined }),
    }),
  };
  return {
    messages,
    send: (value: Message) => put({ done: false, value }),
    end: () => put({ done: true, value: undefined }),
  };
}
async function* messagesOf(...messages: Message[]) {
  yield* messages;
}
const message = (sequence: bigint, count: number, size = 10): PlainMessage => ({
  streamId: "s-1",
  sequence,
  events: Array.from({ length: count }, (_, i) => ({
    name: "a",
    time: timestampFromMs(NOW + i),
    userId: `u${i % 7}`,
    properties: { sequence: Number(sequence), i, t: "x".repeat(size) },
  })),
});

const STREAM_HEADERS = {
  ":method": "POST",
  ":path": "/millrace.ingest.v1.IngestService/Stream",
  "content-type": "application/grpc",
  "x-api-key": "ingest-key",
};

function frameOf(one: Message): Buffer {
  const bytes = toBinary(StreamRequestSchema, create(StreamRequestSchema, one));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

describe("Stream", () => {
  const transports = {
    gRPC: (baseUrl: string) => createGrpcTransport({ baseUrl }),
    "gRPC, compressed": (baseUrl: string) =>
      createGrpcTransport({ baseUrl, sendCompression: compressionGzip, compressMinBytes: 1 }),
    Connect: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
    "Connect in JSON": (baseUrl: string) =>
      createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    it(`makes everything durable that it covers, exactly as it was sent, by ${name}`, async () => {
      const { server, sections } = await startIngest();
      const client = createClient(IngestService, transport(server.url));
      const sent = [message(10n, 400, 300), message(11n, 3), message(2n ** 60n, 0), message(2n ** 64n - 1n, 7)];
      const more = [{ name: "" }, { name: "b", eventId: "x" }, { name: "b", eventId: "x" }];
      sent[1] = { ...message(11n, 0), events: [...sent[1]!.events, ...more] };
      const answer = await client.stream(messagesOf(...sent), KEY);
      expect(answer).toMatchObject({
        durableThroughSequence: 2n ** 64n - 1n,
        acceptedCount: 411n,
        duplicateCount: 1n,
        rejectedCount: 1n,
        endCause: EndCause.COMPLETE,
        outcomes: [
          { sequence: 11n, outcome: { index: 3, outcome: Outcome.REJECTED, reason: Reason.EVENT_NAME_MISSING } },
          { sequence: 11n, outcome: { index: 5, eventId: "x", outcome: Outcome.DUPLICATE } },
        ],
      });
      expect(answer.reasons.map(({ reason, count }) => [reason, count])).toEqual([
        [Reason.EVENT_NAME_MISSING, 1n],
        [Reason.EVENT_DUPLICATE, 1n],
      ]);
      const logged = (await sections()).flatMap(({ events }) =>
        events.map(({ bytes }) => fromBinary(EventSchema, bytes)),
      );
      const valid = sent.flatMap(({ events }, i) =>
        i === 1 ? events.filter((_, at) => at !== 3 && at !== 5) : events,
      );
      expect(logged).toEqual(valid.map((event) => create(EventSchema, event)));
    });
  }

  it("doubles nothing when a stream is sent again, ids or not", async () => {
    const { client, sections } = await startIngest();
    const first = await client.stream(messagesOf(message(1n, 5), message(2n, 5)), KEY);
    const again = await client.stream(messagesOf(message(2n, 5), message(3n, 5)), KEY);
    expect([first.acceptedCount, again.acceptedCount, again.duplicateCount]).toEqual([10n, 5n, 5n]);
    const ids = (await sections()).flatMap(({ events }) => events.map(({ assignedId }) => assignedId));
    expect(ids).toHaveLength(15);
    expect(new Set(ids).size).toBe(15);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it("gives the same ids to what is sent again to another process", async () => {
    const ids: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const { client, sections } = await startIngest();
      await client.stream(messagesOf(message(7n, 4)), KEY);
      ids.push((await sections()).flatMap(({ events }) => events.map(({ assignedId }) => assignedId)));
    }
    expect(ids[0]).toEqual(ids[1]);
  });

  it("answers after so many bytes, while the producer is still sending", async () => {
    const { client } = await startIngest({ limits: { streamBytes: 100_000 } });
    const { messages, send } = producer();
    for (let i = 1n; i <= 100n; i++) send(message(i, 10, 1000));
    const answer = await client.stream(messages, KEY);
    expect(answer.endCause).toBe(EndCause.BYTES);
    expect(answer.durableThroughSequence).toBe(10n);
    expect(answer.acceptedCount).toBe(100n);
  });

  it("answers at its age, also when nothing comes", async () => {
    const { client } = await startIngest({ limits: { streamAgeMsMin: 30, streamAgeMsMax: 60 } });
    const { messages, send } = producer();
    const idle = await client.stream(producer().messages, KEY);
    expect([idle.endCause, idle.durableThroughSequence]).toEqual([EndCause.AGE, undefined]);
    send(message(4n, 2));
    expect(await client.stream(messages, KEY)).toMatchObject({ endCause: EndCause.AGE, durableThroughSequence: 4n });
  });

  for (const [name, transport] of Object.entries(transports)) {
    it(`answers open streams when the server drains, by ${name}`, async () => {
      const { server, app, sections } = await startIngest();
      const client = createClient(IngestService, transport(server.url));
      const { messages, send } = producer();
      send(message(1n, 3));
      const answer = client.stream(messages, KEY);
      await expect.poll(async () => (await sections()).length).toBe(1);
      await Promise.all([server.drain(), app.drain()]);
      expect(await answer).toMatchObject({
        endCause: EndCause.DRAINING,
        durableThroughSequence: 1n,
        acceptedCount: 3n,
      });
    });
  }

  it("answers at once when an append fails, and covers only what came before", async () => {
    let appends = 0;
    const { client, sections } = await startIngest({
      wrap: (log) =>
        failingLog(log, {
          before: () => {
            appends++;
            if (appends === 2) throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "no answer");
          },
        }),
    });
    const { messages, send } = producer();
    send(message(1n, 3));
    const answer = client.stream(messages, KEY);
    await expect.poll(async () => (await sections()).length).toBe(1);
    send(message(2n, 3));
    expect(await answer).toMatchObject({
      endCause: EndCause.APPEND_FAILED,
      durableThroughSequence: 1n,
      acceptedCount: 3n,
    });
    const again = await client.stream(messagesOf(message(2n, 3)), KEY);
    expect(again).toMatchObject({ acceptedCount: 3n, durableThroughSequence: 2n });
  });

  it("stops reading while there is no room, and loses nothing", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, app, sections } = await startIngest({
      limits: { bytesInFlight: 50_000 },
      wrap: (log) => failingLog(log, { before: () => gate.promise }),
    });
    const streams = Array.from({ length: 4 }, (_, s) =>
      client.stream(
        messagesOf(...Array.from({ length: 50 }, (_, i) => ({ ...message(BigInt(i), 10, 1000), streamId: `s-${s}` }))),
        KEY,
      ),
    );
    await expect.poll(() => app.bytesInFlight()).toBeGreaterThan(35_000);
    expect(app.bytesInFlight()).toBeLessThanOrEqual(50_000);
    gate.resolve();
    for (const answer of await Promise.all(streams)) {
      expect(answer).toMatchObject({ acceptedCount: 500n, durableThroughSequence: 49n });
    }
    expect((await sections()).flatMap(({ events }) => events)).toHaveLength(2000);
    await expect.poll(() => app.bytesInFlight()).toBe(0);
  });

  it("lets go of a producer that goes on sending after the answer, and of one that ends then", async () => {
    const { server } = await startIngest({ limits: { streamBytes: 1000 } });
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    const codes = [false, true].map(async (ends) => {
      const stream = session.request(STREAM_HEADERS);
      stream.write(frameOf(message(1n, 10, 1000)));
      await new Promise((resolve) => stream.once("response", resolve));
      const closed = new Promise((resolve) => stream.once("close", () => resolve(stream.rstCode)));
      stream.resume();
      if (ends) stream.end(frameOf(message(2n, 10, 1000)));
      else stream.write(frameOf(message(2n, 10, 1000)));
      return closed;
    });
    expect(await Promise.all(codes)).toEqual([0, 0]);
    await server.drain();
  });

  it("refuses what it can't read, with the reason", async () => {
    const { client, app } = await startIngest();
    const cases: [Message[], Code, string][] = [
      [[message(2n, 1), message(2n, 1)], Code.InvalidArgument, "FIELD_INVALID"],
      [[message(2n, 1), { ...message(3n, 1), streamId: "other" }], Code.InvalidArgument, "FIELD_INVALID"],
      [[{ ...message(2n, 1), streamId: "s".repeat(65) }], Code.InvalidArgument, "FIELD_INVALID"],
      [[message(2n, 1001)], Code.InvalidArgument, "BATCH_TOO_LARGE"],
      [[message(2n, 1000, 1020)], Code.InvalidArgument, "MESSAGE_TOO_LARGE"],
    ];
    for (const [messages, code, reason] of cases) {
      const error = await client.stream(messagesOf(...messages), KEY).then(
        () => expect.fail("it did not fail"),
        (thrown: unknown) => ConnectError.from(thrown),
      );
      expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([code, reason]);
    }
    await expect.poll(() => app.bytesInFlight()).toBe(0);
  });

  it("reads messages however they are cut into pieces, and gives up with the producer", async () => {
    const { server, app, sections } = await startIngest();
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    const stream = session.request(STREAM_HEADERS);
    const body = Buffer.concat([message(1n, 2), message(2n, 1), message(3n, 0)].map(frameOf));
    for (let at = 0; at < body.length; at += 3) {
      stream.write(body.subarray(at, at + 3));
      if (at % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(async () => (await sections()).flatMap(({ events }) => events).length).toBe(3);
    stream.write(Buffer.from([0, 0, 0, 1]));
    stream.close(8);
    await expect.poll(() => app.bytesInFlight()).toBe(0);
  });
});
