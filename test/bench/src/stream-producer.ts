import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { IngestService, StreamResponseSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { MessagePool } from "./message-pool.ts";

/** What a producer sends, and to whom. */
export type ProducerOptions = {
  readonly url: string;
  readonly key: string;
  readonly events: number;
  readonly eventsPerMessage: number;
  /** Streams at once: while one waits for its answer, others send. */
  readonly lanes: number;
  /** How many events to send a second, over all lanes; absent: as fast as they are taken. */
  readonly eventsPerSecond?: number;
  /** Ids begin with this number. */
  readonly firstNumber: number;
};

/** What became of what was sent. */
export type Produced = { readonly accepted: number; readonly seconds: number };

/** A stream is ended by its sender before the server's bound of 8 MiB, so that its answer covers all of it. */
const STREAM_BYTES = 7 * 1024 * 1024;
const PATH = `/${IngestService.typeName}/Stream`;
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Sends page views by hand-made gRPC over node:http2: a cheap client, so that the server is what is measured. */
export async function produce(options: ProducerOptions): Promise<Produced> {
  const session = connect(options.url, { settings: { initialWindowSize: WINDOW_BYTES } });
  await once(session, "connect");
  const pool = new MessagePool(options.eventsPerMessage, options.firstNumber);
  const began = performance.now();
  let sent = 0;
  /** Takes the right to send one more message; false when all were sent. */
  async function mayGo(): Promise<boolean> {
    if (sent >= options.events) return false;
    sent += options.eventsPerMessage;
    if (options.eventsPerSecond !== undefined) {
      const waitMs = began + (sent / options.eventsPerSecond) * 1000 - performance.now();
      if (waitMs > 1) await delay(waitMs);
    }
    return true;
  }
  const lanes = Array.from({ length: options.lanes }, async () => {
    let accepted = 0;
    while (sent < options.events) accepted += await sendStream(session, options.key, pool, mayGo);
    return accepted;
  });
  const counts = await Promise.all(lanes);
  const seconds = (performance.now() - began) / 1000;
  session.close();
  return { accepted: counts.reduce((sum, count) => sum + count, 0), seconds };
}

/** One stream, to its answer; gives how many events were accepted. */
async function sendStream(
  session: ClientHttp2Session,
  key: string,
  pool: MessagePool,
  mayGo: () => Promise<boolean>,
): Promise<number> {
  const call = session.request({
    ":method": "POST",
    ":path": PATH,
    "content-type": "application/grpc+proto",
    te: "trailers",
    authorization: `Bearer ${key}`,
  });
  const answer: Buffer[] = [];
  let problem = "";
  call.on("data", (chunk: Buffer) => answer.push(chunk));
  call.on("response", (headers) => {
    problem ||= problemOf(headers);
  });
  call.on("trailers", (trailers) => {
    problem ||= problemOf(trailers);
  });
  const closed = once(call, "close");
  const streamId = crypto.randomUUID();
  let bytes = 0;
  for (let sequence = 1; bytes < STREAM_BYTES && !call.closed && (await mayGo()); sequence++) {
    const message = pool.next(streamId, sequence, Date.now());
    bytes += message.length;
    if (!call.write(message)) await Promise.race([once(call, "drain"), closed]);
  }
  call.end();
  await closed;
  const body = Buffer.concat(answer);
  if (problem !== "" || body.length < 5) throw new Error(`the stream failed: ${problem || "there is no answer"}`);
  return Number(fromBinary(StreamResponseSchema, body.subarray(5)).acceptedCount);
}

function problemOf(headers: Readonly<Record<string, unknown>>): string {
  const status = headers["grpc-status"];
  return status === undefined || status === "0" ? "" : `${status} ${headers["grpc-message"]}`;
}
