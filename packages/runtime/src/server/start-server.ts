import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type ConnectRouter, type Interceptor } from "@connectrpc/connect";
import { Health } from "@millrace/api/grpc/health/v1/health_pb";
import { ServerReflection } from "@millrace/api/grpc/reflection/v1/reflection_pb";
import type { Logger } from "../log/logger.ts";
import { errorInfo } from "../rpc/failure-to-connect-error.ts";
import { createHealthService, createHealthState } from "../rpc/health.ts";
import type { Authenticate } from "../rpc/principal.ts";
import { createReflectionService } from "../rpc/reflection.ts";
import { createRpcMetrics } from "../telemetry/rpc-metrics.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { createActiveCalls } from "./active-calls.ts";
import { createAdminServer } from "./admin-server.ts";
import type { Call } from "./call.ts";
import { createConnectHandler } from "./connect-handler.ts";
import { type CorsOptions, createCors } from "./cors.ts";
import { type LimitOverrides, limitsWith } from "./limits.ts";
import { listen } from "./listen.ts";
import { createOnePort } from "./one-port.ts";
import { createRequestListener, type RawHandler } from "./request-listener.ts";

/** What a server serves, where, and within which bounds. */
export type ServerOptions = {
  readonly service: string;
  readonly version: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `host` unless given. */
  readonly adminHost?: string;
  readonly adminPort: number;
  readonly routes: (router: ConnectRouter) => void;
  /** Handlers of exact paths, such as "/v1/events" or "/millrace.ingest.v1.IngestService/Stream"; before any RPC. */
  readonly rawHandlers?: Readonly<Record<string, RawHandler>>;
  readonly authenticate: Authenticate;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly limits?: LimitOverrides;
  readonly cors?: CorsOptions;
  /** Whether grpc.reflection.v1 is served; not unless told. */
  readonly reflection?: boolean;
  /** More interceptors, inside those of the runtime. */
  readonly interceptors?: readonly Interceptor[];
  /** Asked by /readyz while the server is set ready: whether what it needs is there. */
  readonly isReady?: () => Promise<boolean>;
  /** How long to go on as if nothing were, after readiness was withdrawn, so that balancers notice. */
  readonly drainDelayMs?: number;
  /** How long calls under way may take during a drain before their connections are cut. 20 s unless given. */
  readonly drainDeadlineMs?: number;
};

/** A server that listens. */
export type RunningServer = {
  /** Such as "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly adminPort: number;
  /** Aborted when a drain begins. */
  readonly shutdownSignal: AbortSignal;
  /** Says, to probes and health checks, whether calls are wanted; false at first. */
  readonly setReady: (ready: boolean) => void;
  /** Withdraws readiness, lets streams answer, takes nothing new, and resolves when what was under way is done. */
  readonly drain: () => Promise<void>;
  /** Ends everything at once, the admin port too. Idempotent. */
  readonly close: () => Promise<void>;
};

const DRAIN_DEADLINE_MS = 20_000;
const FLUSH_MS = 1_000;

/** Opens a service's public and admin ports. Fails with `invalid` when a port can not be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, telemetry, host } = options;
  const shutdown = new AbortController();
  const health = createHealthState();
  const calls = createActiveCalls<Call>();
  const limits = limitsWith(options.limits);
  const served = new Set<string>();
  const { handle, router } = createConnectHandler({
    routes(routed) {
      options.routes(routed);
      routed.service(
        Health,
        createHealthService(health, () => served),
      );
      if (options.reflection)
        routed.service(
          ServerReflection,
          createReflectionService(() => routed.handlers),
        );
    },
    interceptors: options.interceptors ?? [],
    authenticate: options.authenticate,
    limits,
    shutdownSignal: shutdown.signal,
    log,
  });
  for (const { service } of router.handlers) served.add(service.typeName);

  const port = createOnePort(
    limits,
    createRequestListener({
      rawHandlers: new Map(Object.entries(options.rawHandlers ?? {})),
      handleRpc: handle,
      applyCors: createCors(options.cors),
      calls,
      metrics: createRpcMetrics(telemetry.meter),
      tracer: telemetry.tracer,
      shutdownSignal: shutdown.signal,
      log,
    }),
  );
  const admin = createAdminServer({
    isReady: async () => health.serving() && (options.isReady === undefined || (await options.isReady())),
    metrics: telemetry.prometheusText,
    service: options.service,
    version: options.version,
  });

  const publicPort = await listen(port.listener, { host, port: options.port, variable: "MILLRACE_PORT" });
  const adminHost = options.adminHost ?? host;
  const adminPort = await listen(admin, {
    host: adminHost,
    port: options.adminPort,
    variable: "MILLRACE_ADMIN_PORT",
  }).catch((error: unknown) => {
    port.listener.close();
    throw error;
  });

  async function drain(): Promise<void> {
    health.setServing(false);
    if (options.drainDelayMs) await delay(options.drainDelayMs);
    shutdown.abort(
      new ConnectError("the server is stopping; try again", Code.Unavailable, undefined, [errorInfo("DRAINING")]),
    );
    port.refuseNew();
    if (await isDoneWithin(options.drainDeadlineMs ?? DRAIN_DEADLINE_MS, calls.idle())) {
      // What was written may still be on its way through the connections, which end by themselves when it is out.
      await isDoneWithin(FLUSH_MS, port.closed());
    } else {
      const cut = calls.values().map(({ id, path }) => ({ id, path }));
      log.warn({ calls: cut }, "calls were cut off by the drain's deadline");
    }
    port.destroy();
  }

  let drained: Promise<void> | undefined;
  return {
    url: urlOf(host, publicPort),
    port: publicPort,
    adminUrl: urlOf(adminHost, adminPort),
    adminPort,
    shutdownSignal: shutdown.signal,
    setReady: health.setServing,
    drain() {
      drained ??= drain();
      return drained;
    },
    async close() {
      health.setServing(false);
      if (!shutdown.signal.aborted) shutdown.abort(new ConnectError("the server is closed", Code.Unavailable));
      port.refuseNew();
      port.destroy();
      admin.closeAllConnections();
      await new Promise<void>((resolve) => admin.close(() => resolve()));
    },
  };
}

async function isDoneWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return isDone;
}

function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
