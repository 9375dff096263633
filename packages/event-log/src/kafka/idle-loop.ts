import { createRequire } from "node:module";

type RequestQueue = {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
};

const MENDED = Symbol.for("millrace.kafka.idle-loop-mended");

/**
 * Keeps kafkajs 2.2.4 from waking up every millisecond for each connection, for ever: its queue of requests plans its next
 * look at itself even where nothing waits and nothing is throttled (tulios/kafkajs#1751). Idempotent.
 */
export function mendIdleLoop(): void {
  const { prototype } = requestQueueClass() as { prototype: RequestQueue & { [MENDED]?: true } };
  if (prototype[MENDED] === true) return;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleIfNeeded(this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
  prototype[MENDED] = true;
}

/** The class that kafkajs queues the requests of a connection with. It is not exported, and stays as it is: 2.2.4 is the last. */
export function requestQueueClass(): unknown {
  return createRequire(import.meta.url)("kafkajs/src/network/requestQueue");
}
