import type { ServerLimits } from "./limits.ts";

const GRPC_UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Sees to it that a unary call has a deadline, and not too late a one, by changing its headers. A malformed deadline is
 * left for the protocol to refuse. Streams keep what they have: they may be meant to go on.
 */
export function boundDeadline(headers: Headers, isGrpc: boolean, limits: ServerLimits): void {
  const name = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const given = headers.get(name);
  const ms = given === null ? limits.unaryTimeoutMs : isGrpc ? grpcTimeoutMs(given) : connectTimeoutMs(given);
  if (ms === undefined) return;
  const bounded = Math.min(ms, limits.unaryTimeoutMsMax);
  if (given !== null && bounded === ms) return;
  headers.set(name, isGrpc ? `${Math.ceil(bounded)}m` : String(Math.ceil(bounded)));
}

/** The time that a call's headers give it, in milliseconds; undefined where they give none. */
export function timeoutMsOf(headers: Headers): number | undefined {
  const grpc = headers.get("grpc-timeout");
  if (grpc !== null) return grpcTimeoutMs(grpc);
  const connect = headers.get("connect-timeout-ms");
  return connect === null ? undefined : connectTimeoutMs(connect);
}

/** Says in a call's headers how much time is left, in the way in which they said how much there was. */
export function writeTimeout(headers: Headers, ms: number): void {
  const left = Math.max(1, Math.ceil(ms));
  if (headers.has("grpc-timeout")) headers.set("grpc-timeout", `${left}m`);
  else headers.set("connect-timeout-ms", String(left));
}

function grpcTimeoutMs(text: string): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(text);
  return parts === null ? undefined : Number(parts[1]) * GRPC_UNITS[parts[2]!]!;
}

function connectTimeoutMs(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
