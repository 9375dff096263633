/**
 * A new UUIDv7 (RFC 9562, section 5.7), which works on pages without TLS too. An event gets it once, so that it counts
 * once, however often it is sent.
 */
export function newEventId(nowMs: number): string {
  let digits = `${nowMs.toString(16).padStart(12, "0")}7`;
  for (const byte of crypto.getRandomValues(new Uint8Array(10))) digits += (byte + 256).toString(16).slice(1);
  // The variant's digit may be 8 to b; the two bits that it could give are not missed.
  return digits.replace(/(.{8})(.{4})(.{4}).(.{3})(.{12}).*/, "$1-$2-$3-8$4-$5");
}
