/**
 * A new UUIDv7 (RFC 9562, section 5.7). An event gets it once, so that it counts once, however often it is sent. Ids must
 * differ and need not be secret, so `Math.random` will do, which pages without TLS have too.
 */
export function newEventId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, "0").replace(/.{8}/, "$&-");
  return `${time}-7xxx-8xxx-xxxxxxxxxxxx`.replace(/x/g, () => ((Math.random() * 16) | 0).toString(16));
}
