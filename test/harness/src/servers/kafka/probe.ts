import type { Probe } from "../probe.ts";

const METADATA = 3;
const VERSION = 4;
const CORRELATION_ID = 1;

/** Where the number of brokers stands in the answer: after its size, the correlation id and the throttle time. */
const BROKERS_AT = 12;

/** A Metadata request (version 4) for no topic, answered by a broker that knows of so many at least, itself included. */
export function knowsBrokers(count: number): Probe {
  const isGood = (answer: Buffer) =>
    answer.length >= BROKERS_AT + 4 &&
    answer.readInt32BE(4) === CORRELATION_ID &&
    answer.readInt32BE(BROKERS_AT) >= count;
  return { question: metadataRequest(), isGood };
}

/** Size, API key, API version, correlation id, no client's name, no topics, no creation of topics. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(19);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(VERSION, 6);
  request.writeInt32BE(CORRELATION_ID, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(0, 14);
  request.writeInt8(0, 18);
  return request;
}
