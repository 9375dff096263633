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

function grpcTimeoutMs(text: string): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(text);
  return parts === null ? undefined : Number(parts[1]) * GRPC_UNITS[parts[2]!]!;
}

function connectTimeoutMs(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
