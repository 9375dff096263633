import { Failure } from "@millrace/failure";
import { observe } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import type { TlsSettings } from "../env/tls-variables.ts";
import type { Logger } from "../log/logger.ts";
import { readTlsTexts, type TlsMaterial, type TlsTexts, tlsMaterialOf } from "./tls-material.ts";

/** How a process is known by TLS, and whom it believes; always as its files say it now. */
export type ServiceTls = {
  /** Another object after each change of the files, the same one until then. */
  readonly current: () => TlsMaterial;
  /** Whether callers must show a certificate. */
  readonly clients: TlsSettings["tlsClients"];
  /** Calls back after each change. @returns what ends that */
  readonly onChange: (listener: (material: TlsMaterial) => void) => () => void;
  /** Ends the watch over the files. Idempotent. */
  readonly close: () => void;
};

/** What a process's TLS is opened with. */
export type ServiceTlsOptions = {
  readonly log: Logger;
  readonly meter: Meter;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** After how long the files are looked at again; 10 s unless given. */
  readonly pollMs?: number;
};

const POLL_MS = 10_000;
/** Renewal is late when less than this part of a certificate's life is left: what renews by itself does so at a third. */
const LATE_PART = 1 / 6;

/**
 * Reads and checks the files, and looks at them again every 10 s: whoever renews certificates replaces the files, by renaming or
 * by links to other folders, of which the system's notices tell nothing reliable. What is changed and of no use is told in the
 * log, and what was there before stays.
 *
 * @throws Failure `invalid` where the files are of no use to begin with
 */
export async function openServiceTls(settings: TlsSettings, options: ServiceTlsOptions): Promise<ServiceTls> {
  const { log, meter, now, pollMs = POLL_MS } = options;
  let texts = await readTlsTexts(settings);
  let material = tlsMaterialOf(texts, now());
  const listeners = new Set<(material: TlsMaterial) => void>();
  const tellOfExpiry = expiryTeller(log);
  const stopMeasuring = measureExpiry(meter, () => material);
  let refused: string | undefined;
  const look = async (): Promise<void> => {
    tellOfExpiry(material, now());
    let found: TlsTexts | undefined;
    try {
      found = await readTlsTexts(settings);
      if (isSame(found, texts)) return;
      material = tlsMaterialOf(found, now());
    } catch (error) {
      const message = error instanceof Failure ? error.message : String(error);
      // Files that are replaced one by one do not fit each other for a moment.
      if (message === refused) log.error({ problem: message }, "new TLS files are of no use; the old ones stay");
      refused = message;
      return;
    }
    texts = found;
    refused = undefined;
    for (const listener of listeners) listener(material);
    log.info({ expireTime: timeText(material.identity?.expireTimeMs) }, "TLS files were read anew");
  };
  const hasFiles = texts.certificate !== undefined || texts.authorities !== undefined;
  const stopLooking = hasFiles ? repeat(look, pollMs) : () => {};
  tellOfExpiry(material, now());
  return {
    current: () => material,
    clients: settings.tlsClients,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stopLooking();
      stopMeasuring();
    },
  };
}

function isSame(one: TlsTexts, other: TlsTexts): boolean {
  return one.certificate === other.certificate && one.key === other.key && one.authorities === other.authorities;
}

/** Does work again and again, each time a while after it was done. @returns what ends that */
function repeat(work: () => Promise<void>, pauseMs: number): () => void {
  let timer: NodeJS.Timeout;
  let isOver = false;
  const plan = (): void => {
    if (!isOver) timer = setTimeout(() => void work().finally(plan), pauseMs).unref();
  };
  plan();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Tells once of each certificate that its renewal is late, and once that it has expired. */
function expiryTeller(log: Logger): (material: TlsMaterial, nowMs: number) => void {
  let told: string | undefined;
  return ({ identity }, nowMs) => {
    if (identity === undefined) return;
    const { validFromMs, expireTimeMs } = identity;
    const isLate = expireTimeMs - nowMs < (expireTimeMs - validFromMs) * LATE_PART;
    if (!isLate) return;
    const isExpired = nowMs >= expireTimeMs;
    const telling = `${expireTimeMs} ${isExpired}`;
    if (telling === told) return;
    told = telling;
    const expireTime = timeText(expireTimeMs);
    if (isExpired) log.error({ expireTime }, "the TLS certificate has expired: callers refuse it; renew it");
    else log.warn({ expireTime }, "the TLS certificate expires soon; renew it");
  };
}

function measureExpiry(meter: Meter, current: () => TlsMaterial): () => void {
  if (current().identity === undefined) return () => {};
  return observe(meter, ["millrace.tls.certificate.expiry"], (tell) => {
    const { identity } = current();
    if (identity !== undefined) tell["millrace.tls.certificate.expiry"](identity.expireTimeMs / 1_000, {});
  });
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
