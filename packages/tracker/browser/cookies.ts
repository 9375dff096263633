import { newEventId } from "./event-id.ts";

/** Thirteen months: after that a returning visitor is a new one. */
const VISITOR_SECONDS = 34_128_000;
/** A session ends half an hour after its last event. */
const SESSION_SECONDS = 1800;

/** Visitor and session by first-party cookies, for pages that chose them. Made where they are missing. */
export function idsFromCookies(domain: string, nowMs: number) {
  return {
    anonymous_id: keep("millrace_visitor", VISITOR_SECONDS, domain, nowMs),
    session_id: keep("millrace_session", SESSION_SECONDS, domain, nowMs),
  };
}

function keep(name: string, seconds: number, domain: string, nowMs: number): string {
  const known = document.cookie.match(`(?:^|; )${name}=([\\w-]{1,64})`);
  const value = known?.[1] ?? newEventId(nowMs);
  // A visitor's time runs from the first visit, a session's from the last event.
  if (!known || seconds === SESSION_SECONDS) {
    const scope = (domain && `;domain=${domain}`) + (location.protocol === "https:" ? ";secure" : "");
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is for pages with TLS alone
    document.cookie = `${name}=${value};path=/;max-age=${seconds};samesite=lax${scope}`;
  }
  return value;
}
