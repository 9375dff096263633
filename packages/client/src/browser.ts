/**
 * The client for browsers: events are posted by fetch.
 */
import { createConnectTransport } from "@connectrpc/connect-web";
import { assemble, authorize } from "./assemble.ts";
import { LeavingPage } from "./browser/leaving-page.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import type { Millrace } from "./millrace.ts";
import { type ClientOptions, type PlatformDefaults, settle } from "./options.ts";
import { Reporter } from "./query/reporter.ts";
import { Scope } from "./scope.ts";
import { SendCarrier } from "./send/send-carrier.ts";

export * from "./public-names.ts";

/** How a client is made in a browser. */
export type MillraceOptions = ClientOptions & {
  /** Sends what is left when the page is hidden or left, as far as browsers let it. Absent: true. */
  readonly handleExit?: boolean;
};

const DEFAULTS: PlatformDefaults = {
  batchBytes: 48 * 1024,
  batchDelayMs: 1000,
  bufferEvents: 10_000,
  bufferBytes: 4 * 1024 * 1024,
  correctClock: true,
};

/**
 * Makes a client.
 *
 * @throws Failure `invalid` for options that can't be meant
 */
export function createMillrace(options: MillraceOptions): Millrace {
  const settings = settle(options, DEFAULTS);
  const clock = SYSTEM_CLOCK;
  const page = new LeavingPage();
  const transport = createConnectTransport({
    fetch: page.fetch,
    baseUrl: settings.url,
    interceptors: [authorize(settings.key)],
    useBinaryFormat: true,
  });
  const sentAt = settings.correctClock ? () => clock.now() : undefined;
  const carrier = new SendCarrier({ transport, sentAt, close: () => {} }, page.unanswered);
  const producer = assemble({ settings, carrier, clock, onIssue: options.onIssue ?? (() => {}) });
  if (options.handleExit !== false) producer.onClose(page.listen(producer));
  const reporter = new Reporter(transport, clock);
  producer.onClose(() => reporter.close());
  return new Scope(producer, reporter, options);
}
