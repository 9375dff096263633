/**
 * The client for Node.js 20 and later: events go by gRPC streams, or by fetch where that is asked for.
 */
import { createConnectTransport } from "@connectrpc/connect-web";
import { assemble, authorize } from "./assemble.ts";
import type { BufferDeps } from "./buffer/event-buffer.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import type { Millrace } from "./millrace.ts";
import { closeOnSignals, flushBeforeExit } from "./node/exit-hooks.ts";
import { connectByGrpc } from "./node/grpc.ts";
import { openSpool, type SpoolOptions } from "./node/open-spool.ts";
import { warn } from "./node/warn.ts";
import { type ClientOptions, type PlatformDefaults, settle } from "./options.ts";
import { Reporter } from "./query/reporter.ts";
import { Scope } from "./scope.ts";
import { SendCarrier } from "./send/send-carrier.ts";
import { StreamCarrier } from "./send/stream-carrier.ts";

export type { SpoolOptions } from "./node/open-spool.ts";
export * from "./public-names.ts";
export type { Fsync } from "./spool/spooled-buffer.ts";

/** How a client is made in Node. */
export type MillraceOptions = ClientOptions & {
  /** How events travel. Absent: `grpc`, a stream over HTTP/2. `fetch`: a POST for each batch, also over HTTP/1.1. */
  readonly transport?: "grpc" | "fetch";
  /** A spool on disk. Absent: events live in memory alone. */
  readonly spool?: SpoolOptions;
  /** Closes the client on SIGTERM and SIGINT, and then lets the signal end the process. Absent: false. */
  readonly handleSignals?: boolean;
  /** Sends what is left when the process would end by itself. Absent: false; then call `close()` at the end. */
  readonly handleExit?: boolean;
  /** How long these two wait at most, in milliseconds. Absent: 10,000. */
  readonly exitTimeoutMs?: number;
};

const EXIT_MS = 10_000;
const CALLS_UNANSWERED = 2;
const DEFAULTS: PlatformDefaults = {
  batchBytes: 128 * 1024,
  batchDelayMs: 100,
  bufferEvents: 100_000,
  bufferBytes: 32 * 1024 * 1024,
  correctClock: false,
};

/**
 * Makes a client. It connects when there is something to send.
 *
 * @throws Failure `invalid` for options that can't be meant
 */
export function createMillrace(options: MillraceOptions): Millrace {
  const settings = settle(options, DEFAULTS);
  const clock = SYSTEM_CLOCK;
  const sentAt = settings.correctClock ? () => clock.now() : undefined;
  const interceptors = [authorize(settings.key)];
  const isByFetch = options.transport === "fetch";
  const { transport, close } = isByFetch
    ? {
        transport: createConnectTransport({ baseUrl: settings.url, interceptors, useBinaryFormat: true }),
        close: () => {},
      }
    : connectByGrpc(settings.url, interceptors, clock);
  const carrier = isByFetch
    ? new SendCarrier({ transport, sentAt, close }, () => CALLS_UNANSWERED)
    : new StreamCarrier({ transport, sentAt, close }, crypto.randomUUID());
  const { spool, exitTimeoutMs = EXIT_MS } = options;
  const openBuffer = spool && ((deps: BufferDeps) => openSpool(spool, deps));
  const producer = assemble({ settings, carrier, clock, onIssue: options.onIssue ?? warn, openBuffer });
  if (options.handleExit === true) producer.onClose(flushBeforeExit(producer, exitTimeoutMs));
  if (options.handleSignals === true) producer.onClose(closeOnSignals(producer, exitTimeoutMs));
  const reporter = new Reporter(transport, clock);
  producer.onClose(() => reporter.close());
  return new Scope(producer, reporter, options);
}
