import type { EventInit } from "../send/event-maker.ts";
import type { DemoEvent } from "./visit.ts";

/** An event of the demo as it is sent. */
export function eventInitOf(event: DemoEvent): EventInit {
  const { eventId, name, timeMs, userId, anonymousId, sessionId, properties } = event;
  return {
    eventId,
    name,
    time: { seconds: BigInt(Math.floor(timeMs / 1_000)), nanos: (timeMs % 1_000) * 1_000_000 },
    anonymousId,
    sessionId,
    properties: { ...properties },
    ...(userId !== undefined && { userId }),
  };
}
