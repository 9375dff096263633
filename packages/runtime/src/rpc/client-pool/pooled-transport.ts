import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { context, propagation } from "@opentelemetry/api";
import { handshakeProblemOf } from "../../tls/handshake-problem.ts";
import { ACTING_FOR_HEADER, actingForText } from "../acting-for.ts";
import type { Principal } from "../principal.ts";
import { ClientPool, type PoolOptions } from "./client-pool.ts";
import { retryCalls } from "./retry-calls.ts";

/** Where calls go, and as whom. */
export type PooledTransportOptions = PoolOptions & {
  /** The key of services that every call carries; none: calls carry what their callers give them. */
  readonly serviceKey?: string | undefined;
  /** With a service key: on whose behalf calls are made, where it is not the service's own. */
  readonly actingFor?: Principal;
};

/** A transport to the replicas of a service, over a pool of its own. */
export type PooledTransport = Transport & {
  /** Breaks off all that is under way. Idempotent. */
  readonly close: () => void;
};

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * A transport (gRPC) to all replicas of a service, by which services call each other. Calls are spread ({@link ClientPool}),
 * repeated where that is safe (`retryCalls`), carry the trace that they belong to, and have a deadline of 30 s unless they name one.
 */
export function createPooledTransport(options: PooledTransportOptions): PooledTransport {
  const pool = new ClientPool(options);
  const { serviceKey, actingFor } = options;
  const identity = serviceKey === undefined ? [] : [showKey(serviceKey, actingFor)];
  const transport = createGrpcTransport({
    baseUrl: pool.authority,
    sessionManager: pool,
    interceptors: [retryCalls(options), ...identity, carryTrace, tellBrokenConnections],
  });
  return {
    // A stream may go on for ever, so that only unary calls get a deadline where none is named.
    unary: (method, signal, timeoutMs = DEFAULT_TIMEOUT_MS, ...more) =>
      transport.unary(method, signal, timeoutMs, ...more),
    stream: (...call) => transport.stream(...call),
    close: () => pool.close(),
  };
}

function showKey(serviceKey: string, actingFor: Principal | undefined): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${serviceKey}`);
    if (actingFor !== undefined) request.header.set(ACTING_FOR_HEADER, actingForText(actingFor));
    return next(request);
  };
}

const carryTrace: Interceptor = (next) => (request) => {
  propagation.inject(context.active(), request.header, { set: (header, name, value) => header.set(name, value) });
  return next(request);
};

/**
 * Says what it means when a connection breaks off under a call, which reaches us as words of OpenSSL, or as if the caller had
 * cancelled. With TLS 1.3 a server refuses a certificate only when its client takes the connection to stand already.
 */
const tellBrokenConnections: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (thrown) {
    const { code, details, rawMessage } = ConnectError.from(thrown);
    const problem = handshakeProblemOf(thrown);
    const isOurs = details.length > 0 || request.signal.aborted || code === Code.Unavailable;
    if (isOurs || (problem === undefined && !(code === Code.Canceled && CLOSED.test(rawMessage)))) throw thrown;
    const what = `${new URL(request.url).origin} broke off the connection${problem === undefined ? "" : `: ${problem}`}`;
    throw new ConnectError(what, Code.Unavailable, undefined, undefined, thrown);
  }
};

const CLOSED = /^http\/2 stream closed with error code CANCEL/;
