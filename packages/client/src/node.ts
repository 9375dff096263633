/**
 * The client for Node.js 20 and later: events go by gRPC streams, or by fetch where that is asked for.
 */
import { createConnectTransport } from "@connectrpc/connect-web";
import { assemble, authorize } from "./assemble.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import type { Millrace } from "./millrace.ts";
import { connectByGrpc } from "./node/grpc.ts";
import { warn } from "./node/warn.ts";
import { type ClientOptions, type PlatformDefaults, settle } from "./options.ts";
import { Scope } from "./scope.ts";
import type { Carrier } from "./send/attempt.ts";
import { SendCarrier } from "./send/send-carrier.ts";
import { StreamCarrier } from "./send/stream-carrier.ts";

export type { Issue } from "./issue.ts";
export type { Flushed, FlushOptions, Millrace } from "./millrace.ts";
export type { ClientOptions } from "./options.ts";
export type { Stats } from "./stats.ts";
export type { EventDefaults, EventOptions, Properties, PropertyValue } from "./track.ts";

/** How a client is made in Node. */
export type MillraceOptions = ClientOptions & {
  /** How events travel. Absent: `grpc`, a stream over HTTP/2. `fetch`: a POST for each batch, also over HTTP/1.1. */
  readonly transport?: "grpc" | "fetch";
};

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
  let carrier: Carrier;
  if (options.transport === "fetch") {
    const transport = createConnectTransport({ baseUrl: settings.url, interceptors, useBinaryFormat: true });
    carrier = new SendCarrier({ transport, sentAt, close: () => {} });
  } else {
    const { transport, close } = connectByGrpc(settings.url, interceptors);
    carrier = new StreamCarrier({ transport, sentAt, close }, crypto.randomUUID());
  }
  const producer = assemble({ settings, carrier, clock, onIssue: options.onIssue ?? warn });
  return new Scope(producer, options);
}
