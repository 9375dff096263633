import { createHash, createHmac } from "node:crypto";

/** 128 bits: no two visitors share one by chance. */
const BYTES = 16;

/**
 * The pseudonym of a web page's visitor on a day: HMAC-SHA256 (RFC 2104) by the day's secret, so that nobody without it
 * can try out addresses, and nobody at all once it is forgotten.
 */
export function pseudonymOf(salt: Uint8Array, projectId: string, address: string, userAgent: string): string {
  const digest = createHmac("sha256", salt).update(`${projectId}\0${address}\0${userAgent}`).digest();
  return `v${digest.toString("base64url", 0, BYTES)}`;
}

/** The session of a visitor whose sessions can't be looked up: one for the whole day, which begins at midnight UTC. */
export function daySessionOf(projectId: string, visitor: Uint8Array, nowMs: number): string {
  const date = new Date(nowMs).toISOString().slice(0, 10);
  const digest = createHash("sha256").update(`${projectId}\0${date}\0`).update(visitor).digest();
  return `s${digest.toString("base64url", 0, BYTES)}`;
}

/** The id of a session that a visitor begins within a span of time, whichever process it is begun at. */
export function sessionBegunBy(visitor: string, span: number): string {
  const digest = createHash("sha256").update(`${visitor}\0${span}`).digest();
  return `s${digest.toString("base64url", 0, BYTES)}`;
}
