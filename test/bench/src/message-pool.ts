import { create, toBinary } from "@bufbuild/protobuf";
import { StreamRequestSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { eventId, pageViewInit, randomFrom } from "./web-events.ts";

/** Messages that are encoded once and sent again and again, each time with other ids: so that the sender costs little. */
const POOL_MESSAGES = 24;
const GRPC_PREFIX_BYTES = 5;

type Pooled = { readonly bytes: Buffer; readonly idsAt: readonly number[] };

/** Page views in messages of a stream, framed for gRPC. */
export class MessagePool {
  readonly eventsPerMessage: number;
  readonly #pool: readonly Pooled[];
  #numbered: number;
  #next = 0;

  /** @param firstNumber the number of the first event: ids with it and the next ones are used once */
  constructor(eventsPerMessage: number, firstNumber: number) {
    this.eventsPerMessage = eventsPerMessage;
    this.#numbered = firstNumber;
    const random = randomFrom(7);
    this.#pool = Array.from({ length: POOL_MESSAGES }, () => {
      const ids: string[] = [];
      const events = Array.from({ length: eventsPerMessage }, () => {
        const { time: _, ...event } = pageViewInit(this.#numbered++, Date.now(), random);
        ids.push(event.eventId);
        return event;
      });
      const bytes = Buffer.from(toBinary(StreamRequestSchema, create(StreamRequestSchema, { events })));
      let at = 0;
      const idsAt = ids.map((id) => {
        at = bytes.indexOf(id, at, "latin1");
        return at;
      });
      return { bytes, idsAt };
    });
  }

  /** The next message, with events that nobody sent before. They have no time of their own but that of their ids. */
  next(streamId: string, sequence: number, nowMs: number): Buffer {
    const { bytes, idsAt } = this.#pool[this.#next++ % this.#pool.length]!;
    const head = toBinary(StreamRequestSchema, create(StreamRequestSchema, { streamId, sequence: BigInt(sequence) }));
    const frame = Buffer.allocUnsafe(GRPC_PREFIX_BYTES + head.length + bytes.length);
    frame[0] = 0;
    frame.writeUInt32BE(head.length + bytes.length, 1);
    frame.set(head, GRPC_PREFIX_BYTES);
    const eventsAt = GRPC_PREFIX_BYTES + head.length;
    frame.set(bytes, eventsAt);
    for (const at of idsAt) frame.write(eventId(this.#numbered++, nowMs), eventsAt + at, "latin1");
    return frame;
  }
}
