import type { ConnectRouter } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Cache } from "@millrace/cache";
import type { EventAppender } from "@millrace/event-log";
import type { LimitOverrides, Logger, RawHandler } from "@millrace/runtime";
import { observeOne, upDownCounter } from "@millrace/telemetry";
import { type Meter, type Tracer, trace } from "@opentelemetry/api";
import { Admission } from "./admission.ts";
import type { IngestSnapshot } from "./caller.ts";
import { createGetTrackerScript, type TrackerScript } from "./http/get-tracker-script.ts";
import { createPostBeacon, createPostEvents } from "./http/post-events.ts";
import { Intake } from "./intake.ts";
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from "./limits.ts";
import { OutcomeCounters } from "./outcome-counters.ts";
import { type ClaimLookup, KnownClaims } from "./send/known-claims.ts";
import { createSendByHand } from "./send/send-by-hand.ts";
import { createSendRpc } from "./send/send-rpc.ts";
import { createStreamByHand } from "./stream/stream-by-hand.ts";
import { createStreamRpc } from "./stream/stream-rpc.ts";
import { WindowGrants } from "./stream/window-grants.ts";
import { Visitors } from "./visitor/visitors.ts";

/** What ingest is made of. */
export type IngestOptions = {
  readonly eventLog: EventAppender;
  readonly snapshot: IngestSnapshot;
  /** Where small batches are looked up, to answer "duplicate" early. */
  readonly claims?: ClaimLookup | undefined;
  /** Where the sessions of web pages' visitors live; without it a session is a day. */
  readonly cache?: Cache | undefined;
  /** What `GET /millrace.js` gives; without it there is nothing there. */
  readonly trackerScript?: TrackerScript | undefined;
  readonly clock: { readonly now: () => number };
  readonly log: Logger;
  readonly meter: Meter;
  /** Where the spans of streams' messages go; the process's own unless given. */
  readonly tracer?: Tracer;
  readonly limits?: Partial<IngestLimits>;
};

/** The ingest service, to be put behind a server. */
export type IngestApp = {
  /** Registers IngestService, for what the raw handlers leave to it. */
  readonly routes: (router: ConnectRouter) => void;
  /** The hot paths and the paths for people, by path. */
  readonly rawHandlers: Readonly<Record<string, RawHandler>>;
  /** Paths that web pages of any origin may call. */
  readonly openPaths: readonly string[];
  /** What the server must be bounded by for ingest's own bounds to hold. */
  readonly serverLimits: LimitOverrides;
  /** Bytes of requests held now. */
  readonly bytesInFlight: () => number;
  /** Lets every stream answer, and resolves when all that was taken is settled, or the signal aborts. */
  readonly drain: (signal?: AbortSignal) => Promise<void>;
  /** As `drain`; the event log is the caller's to close afterwards. Idempotent. */
  readonly close: () => Promise<void>;
};

const SEND_PATH = `/${IngestService.typeName}/Send`;
const SCRIPT_PATH = "/millrace.js";
const STREAM_PATH = `/${IngestService.typeName}/Stream`;

/** Makes the ingest service. It does no I/O of its own but through the event log, the claims and the snapshot. */
export function createIngestApp(options: IngestOptions): IngestApp {
  const { snapshot, clock, meter, claims, cache, trackerScript, tracer = trace.getTracer("millrace") } = options;
  const limits = { ...DEFAULT_INGEST_LIMITS, ...options.limits };
  const draining = new AbortController();
  const admission = new Admission(limits.bytesInFlight);
  const windows = new WindowGrants(limits.windowBytes, limits.streamWindowBytes);
  const counters = new OutcomeCounters(meter);
  const intake = new Intake(options.eventLog, counters, limits, ({ kind, reason, message, cause }, partition) => {
    options.log.warn({ partition, kind, reason, err: cause }, `an append failed: ${message}`);
  });
  const now = (): number => Math.floor(clock.now());
  const visitors = new Visitors({ salt: (nowMs, how) => snapshot.visitorSalt(nowMs, how), cache, counters });
  const knownClaims = claims && new KnownClaims(claims, () => performance.now());
  const send = { intake, claims: knownClaims, now, admission, snapshot, visitors };
  const stream = {
    intake,
    now,
    admission,
    snapshot,
    drain: draining.signal,
    tracer,
    openStreams: upDownCounter(meter, "millrace.ingest.streams"),
    limits: { bytes: limits.streamBytes, ageMsMin: limits.streamAgeMsMin, ageMsMax: limits.streamAgeMsMax },
  };
  observeOne(meter, "millrace.ingest.in_flight.usage", (tell) => tell(admission.bytes, {}));
  observeOne(meter, "millrace.ingest.in_flight.limit", (tell) => tell(limits.bytesInFlight, {}));

  async function drain(signal?: AbortSignal): Promise<void> {
    draining.abort();
    if (signal === undefined) return intake.whenIdle();
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([intake.whenIdle(), promise]);
  }

  return {
    routes(router) {
      router.service(IngestService, { send: createSendRpc(send), stream: createStreamRpc(stream) });
    },
    rawHandlers: {
      [SEND_PATH]: createSendByHand(send),
      [STREAM_PATH]: createStreamByHand({ ...stream, windows }),
      "/v1/events": createPostEvents(send),
      "/v1/beacon": createPostBeacon(send),
      ...(trackerScript === undefined ? {} : { [SCRIPT_PATH]: createGetTrackerScript(trackerScript) }),
    },
    // Ingest grants larger windows to streams, within its bound on bytes in flight.
    serverLimits: { http2: { streamWindowBytes: 65_535 } },
    openPaths: [SEND_PATH, "/v1/events", "/v1/beacon", SCRIPT_PATH],
    bytesInFlight: () => admission.bytes,
    drain,
    close: () => drain(),
  };
}
