import { expect, it } from "vitest";
import { decodeTailMessage, encodeTailMessage, type TailMessage, type ToldEvent } from "./tail-message.ts";
import { decodeTailRequest, encodeTailRequest } from "./tail-request.ts";

const event: ToldEvent = {
  offset: 7,
  index: 3,
  timeMs: 1_000,
  receivedAtMs: 2_000,
  verdict: "duplicate",
  version: 2,
  eventId: "ä-1",
  userAgent: "Firefox\n",
  bytes: Uint8Array.of(10, 0, 10),
};
const message: TailMessage = { source: "1:4", epoch: "e", sequence: 9, skipped: 12, events: [event, event] };

it("reads what was written, line breaks among the bytes included", () => {
  expect(decodeTailMessage(new Uint8Array(encodeTailMessage(message)))).toEqual(message);
  const empty = { ...message, events: [], request: "r" };
  expect(decodeTailMessage(new Uint8Array(encodeTailMessage(empty)))).toEqual(empty);
  const request = { projectId: "shop", recent: { request: "r", count: 50 } };
  expect(decodeTailRequest(encodeTailRequest(request))).toEqual(request);
});

it("tells damaged messages from whole ones", () => {
  const bytes = encodeTailMessage(message);
  for (const damaged of [bytes.subarray(0, -1), bytes.subarray(5), new Uint8Array(), Buffer.from("{}\n")]) {
    expect(() => decodeTailMessage(damaged)).toThrow("a message of processed events is damaged");
  }
  expect(() => decodeTailRequest(Buffer.from("{"))).toThrow("damaged");
});
