import { Failure } from "@millrace/failure";
import type { BufferLimits, Overflow } from "./buffer/event-buffer.ts";
import type { Issue } from "./issue.ts";
import type { BackoffLimits } from "./send/backoff.ts";
import type { RetryBudgetLimits } from "./send/retry-budget.ts";
import type { EventDefaults } from "./track.ts";

/** How a client is made; what every platform knows. All but `url` and `key` may be left out. */
export type ClientOptions = EventDefaults & {
  /** Where Millrace is, such as `https://millrace.example.com`. */
  readonly url: string;
  /** An API key. `track` needs the scope `ingest`, `query` and `watch` need `report`. */
  readonly key: string;
  /** When a batch is sent: with so many events or bytes, or so long after its first event. */
  readonly batch?: {
    /** 1 to 1,000. Absent: 500. */
    readonly events?: number;
    /** 1 to 524,288. Absent: 131,072; in browsers 49,152, which may still go when the page does. */
    readonly bytes?: number;
    /** Absent: 100; in browsers 1,000. */
    readonly delayMs?: number;
  };
  /** The bounds of the one buffer. What is being sent counts until it is known to be durable. */
  readonly buffer?: {
    /** Absent: 100,000; in browsers 10,000. */
    readonly events?: number;
    /** Absent: 33,554,432 (32 MiB); in browsers 4,194,304. */
    readonly bytes?: number;
  };
  /**
   * What happens to an event when the buffer is full. Everything let go is counted, and told by `onIssue`.
   *
   * - `drop-oldest` (absent): the oldest events that are not being sent give way.
   * - `drop-newest`: the event is dropped, and `track` gives false.
   * - `wait`: as `drop-newest`, for a producer that awaits `ready()` between events and so loses none.
   */
  readonly overflow?: Overflow;
  /** Delays between attempts: exponential, with full jitter. Absent: from 100 ms to 15 s. */
  readonly retry?: {
    readonly initialDelayMs?: number;
    readonly maxDelayMs?: number;
    /** The wait after the credential was refused. Absent: 60,000, less up to half of it at random. */
    readonly blockedDelayMs?: number;
  };
  /** Told of what is rejected, dropped, blocked and retried. What it throws is ignored. */
  readonly onIssue?: (issue: Issue) => void;
  /** The least time between two issues of the same kind and reason. Absent: 10,000. */
  readonly issueIntervalMs?: number;
  /**
   * Whether the server corrects the events' times by the difference between the client's clock and its own. Absent:
   * true in browsers, whose clocks are often wrong; false in Node.
   */
  readonly correctClock?: boolean;
};

/** The options with everything filled in. */
export type Settings = {
  readonly url: string;
  readonly key: string;
  readonly buffer: BufferLimits;
  readonly batchDelayMs: number;
  readonly backoff: BackoffLimits;
  readonly budget: RetryBudgetLimits;
  readonly blockedMs: number;
  readonly issueIntervalMs: number;
  readonly correctClock: boolean;
};

/** What is different between platforms where nothing is said. */
export type PlatformDefaults = {
  readonly batchBytes: number;
  readonly batchDelayMs: number;
  readonly bufferEvents: number;
  readonly bufferBytes: number;
  readonly correctClock: boolean;
};

const BATCH_EVENTS_MAX = 1000;
const BATCH_BYTES_MAX = 512 * 1024;
const BUDGET: RetryBudgetLimits = { burst: 10, perSuccess: 0.2, perSecond: 0.2 };

/**
 * Checks and completes options.
 *
 * @throws Failure `invalid`, naming the option
 */
export function settle(options: ClientOptions, defaults: PlatformDefaults): Settings {
  const { batch = {}, buffer = {}, retry = {} } = options;
  return {
    url: checkUrl(options.url),
    key: checkKey(options.key),
    buffer: {
      events: within("buffer.events", buffer.events ?? defaults.bufferEvents, 1, 100_000_000),
      bytes: within("buffer.bytes", buffer.bytes ?? defaults.bufferBytes, 1024, 16 * 2 ** 30),
      batchEvents: within("batch.events", batch.events ?? 500, 1, BATCH_EVENTS_MAX),
      batchBytes: within("batch.bytes", batch.bytes ?? defaults.batchBytes, 1, BATCH_BYTES_MAX),
      overflow: options.overflow ?? "drop-oldest",
    },
    batchDelayMs: within("batch.delayMs", batch.delayMs ?? defaults.batchDelayMs, 0, 60_000),
    backoff: {
      initialMs: within("retry.initialDelayMs", retry.initialDelayMs ?? 100, 1, 60_000),
      maxMs: within("retry.maxDelayMs", retry.maxDelayMs ?? 15_000, 1, 3_600_000),
    },
    budget: BUDGET,
    blockedMs: within("retry.blockedDelayMs", retry.blockedDelayMs ?? 60_000, 100, 3_600_000),
    issueIntervalMs: within("issueIntervalMs", options.issueIntervalMs ?? 10_000, 0, 3_600_000),
    correctClock: options.correctClock ?? defaults.correctClock,
  };
}

function checkUrl(url: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // Told below.
  }
  // What such an address has besides would end up in the middle of the addresses of calls.
  const isPlain = parsed && `${parsed.username}${parsed.password}${parsed.search}${parsed.hash}` === "";
  if (isPlain !== true || !/^https?:$/.test(parsed?.protocol ?? "")) {
    throw Failure.invalidField("url", 'must be an address such as "https://millrace.example.com"');
  }
  return url.replace(/\/+$/, "");
}

function checkKey(key: string): string {
  if (typeof key === "string" && /^[\x21-\x7e]+$/.test(key)) return key;
  throw Failure.invalidField("key", "must be an API key");
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw Failure.invalidField(name, `must be from ${least} to ${most}`);
}
