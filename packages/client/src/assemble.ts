import type { Interceptor } from "@connectrpc/connect";
import type { BufferDeps, EventBuffer, OnDropped } from "./buffer/event-buffer.ts";
import { MemoryBuffer } from "./buffer/memory-buffer.ts";
import type { Clock } from "./clock.ts";
import { type Issue, IssueReporter } from "./issue.ts";
import type { Settings } from "./options.ts";
import { Producer } from "./producer.ts";
import type { Carrier } from "./send/attempt.ts";
import { Sender } from "./send/sender.ts";
import { Counters } from "./stats.ts";

/** What a platform gives to make a client of. */
export type Parts = {
  readonly settings: Settings;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly onIssue: (issue: Issue) => void;
  /** Absent: a buffer in memory. */
  readonly openBuffer?: ((deps: BufferDeps) => EventBuffer) | undefined;
};

/** How many attempts fill a buffer at least; three of them are under way at most. */
const ATTEMPTS_A_BUFFER = 8;
const DROPPED: Readonly<Record<Parameters<OnDropped>[0], string>> = {
  BUFFER_FULL: "The buffer was full.",
  SPOOL_FULL: "The spool was full.",
  SPOOL_FAILED: "They were in memory alone, because the spool could not be written.",
  SPOOL_DAMAGED: "A file of the spool was damaged.",
};

/** Puts a client together. */
export function assemble({ settings, carrier, clock, onIssue, openBuffer }: Parts): Producer {
  const counters = new Counters();
  const issues = new IssueReporter(clock, settings.issueIntervalMs, onIssue);
  const onDropped: OnDropped = (reason, count) => {
    counters.drop(reason, count);
    issues.report({ kind: "dropped", reason, message: DROPPED[reason], count });
  };
  const onUnspooled = (thrown: unknown): void => {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    issues.report({ kind: "unspooled", reason: "SPOOL_FAILED", message, count: 1 });
  };
  const onFound = (): void => producer.wake();
  const limits = settings.buffer;
  const buffer =
    openBuffer?.({ clock, counters, limits, onDropped, onUnspooled, onFound }) ?? new MemoryBuffer(limits, onDropped);
  const { backoff, budget, blockedMs, batchDelayMs } = settings;
  const attemptEvents = limits.events / ATTEMPTS_A_BUFFER;
  const attemptBytes = limits.bytes / ATTEMPTS_A_BUFFER;
  const sending = { backoff, budget, blockedMs, attemptEvents, attemptBytes };
  const sender = new Sender({ buffer, carrier, clock, counters, issues, ...sending });
  const keepsRest = openBuffer !== undefined;
  const producer = new Producer({ buffer, sender, clock, counters, issues, batchDelayMs, keepsRest });
  // An earlier process may have left something to send.
  if (keepsRest) producer.wake();
  return producer;
}

/** Shows the key with each call. */
export function authorize(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}
