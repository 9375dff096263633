import type { Probe } from "../probe.ts";

const METADATA = 3;
const VERSION = 4;
const CORRELATION_ID = 1;

/** Where the number of brokers stands in the answer: after its size, the correlation id and the throttle time. */
const BROKERS_AT = 12;

/** A Metadata request (version 4) for no topic, answered by a broker that knows of the one with this id: of itself, once it serves. */
export function knowsBroker(id: number): Probe {
  return { question: metadataRequest(), isGood: (answer) => brokerIds(answer).includes(id) };
}

/** A Metadata request (version 4) for no topic, answered by a broker that knows of so many at least, itself included. */
export function knowsBrokers(count: number): Probe {
  return { question: metadataRequest(), isGood: (answer) => brokerIds(answer).length >= count };
}

/** The ids of the brokers in an answer; none when it is no such answer. Each is an id, a host, a port and a rack. */
function brokerIds(answer: Buffer): number[] {
  try {
    if (answer.readInt32BE(4) !== CORRELATION_ID) return [];
    const ids = [];
    let at = BROKERS_AT + 4;
    for (let left = answer.readInt32BE(BROKERS_AT); left > 0; left--) {
      ids.push(answer.readInt32BE(at));
      at += 4 + 2 + answer.readInt16BE(at + 4) + 4;
      at += 2 + Math.max(0, answer.readInt16BE(at));
    }
    return ids;
  } catch (error) {
    // It ends too early.
    if (error instanceof RangeError) return [];
    throw error;
  }
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
