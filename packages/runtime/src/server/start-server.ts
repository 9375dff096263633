import type { Server } from "node:http";
import { Health } from "@millrace/api/grpc/health/v1/health_pb";
import { ServerReflection } from "@millrace/api/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@millrace/api/grpc/reflection/v1alpha/reflection_pb";
import { createHealthService, createHealthState, type HealthState } from "../rpc/health.ts";
import { createAlphaReflectionService, createReflectionService } from "../rpc/reflection.ts";
import { createRpcMetrics } from "../telemetry/rpc-metrics.ts";
import type { ServiceTls } from "../tls/service-tls.ts";
import { type ActiveCalls, createActiveCalls } from "./active-calls.ts";
import { createAdminServer } from "./admin-server.ts";
import type { Call } from "./call.ts";
import { createConnectHandler } from "./connect-handler.ts";
import { createCors } from "./cors.ts";
import { drain, draining } from "./drain.ts";
import { limitsWith } from "./limits.ts";
import { listen } from "./listen.ts";
import { createOnePort, type OnePort } from "./one-port.ts";
import { createRequestListener } from "./request-listener.ts";
import type { RunningServer, ServerOptions } from "./server-options.ts";

const DRAIN_DEADLINE_MS = 20_000;

/** Opens a service's public and admin ports. Fails with `invalid` when a port can not be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const shutdown = new AbortController();
  const health = createHealthState();
  const calls = createActiveCalls<Call>();
  const port = createPublicPort(options, { shutdownSignal: shutdown.signal, health, calls });
  const admin = createAdminServer({
    isReady: async () => health.serving() && (options.isReady === undefined || (await options.isReady())),
    metrics: options.telemetry.prometheusText,
    service: options.service,
    version: options.version,
    revision: options.revision,
  });
  const { host, adminHost = host } = options;
  const { publicPort, adminPort } = await listenOnBoth(options, port, admin);

  let drained: Promise<void> | undefined;
  return {
    url: urlOf(servedTls(options) === undefined ? "http" : "https", host, publicPort),
    port: publicPort,
    adminUrl: urlOf("http", adminHost, adminPort),
    adminPort,
    shutdownSignal: shutdown.signal,
    setReady: health.setServing,
    drain() {
      const { drainDelayMs: delayMs = 0, drainDeadlineMs: deadlineMs = DRAIN_DEADLINE_MS, log } = options;
      drained ??= drain({ health, shutdown, port, calls, delayMs, deadlineMs, log });
      return drained;
    },
    async close() {
      health.setServing(false);
      if (!shutdown.signal.aborted) shutdown.abort(draining());
      port.refuseNew();
      port.destroy();
      admin.closeAllConnections();
      await new Promise<void>((resolve) => admin.close(() => resolve()));
    },
  };
}

type Parts = { readonly shutdownSignal: AbortSignal; readonly health: HealthState; readonly calls: ActiveCalls<Call> };

/** The public port with all that is served there: the service's own methods, health, and reflection if it is wanted. */
function createPublicPort(options: ServerOptions, { shutdownSignal, health, calls }: Parts): OnePort {
  const { log, telemetry } = options;
  const limits = limitsWith(options.limits);
  const served = new Set<string>();
  const { handle, router } = createConnectHandler({
    routes(routed) {
      options.routes(routed);
      routed.service(
        Health,
        createHealthService(health, () => served, options.healthOf),
      );
      if (options.reflection) {
        const services = () => [...routed.handlers.map(({ service }) => service), ...(options.behind ?? [])];
        routed.service(ServerReflection, createReflectionService(services));
        routed.service(ServerReflectionAlpha, createAlphaReflectionService(services));
      }
    },
    interceptors: options.interceptors ?? [],
    authenticate: options.authenticate,
    limits,
    shutdownSignal,
    log,
  });
  for (const { service } of router.handlers) served.add(service.typeName);
  const onRequest = createRequestListener({
    rawHandlers: new Map(Object.entries(options.rawHandlers ?? {})),
    findHandler: options.findHandler ?? (() => undefined),
    handleRpc: handle,
    applyCors: createCors(options.cors),
    calls,
    metrics: createRpcMetrics(telemetry.meter),
    tracer: telemetry.tracer,
    shutdownSignal,
    trustedProxies: options.trustedProxies ?? 0,
    log,
  });
  return createOnePort({ limits, tls: servedTls(options), log }, onRequest);
}

async function listenOnBoth(options: ServerOptions, port: OnePort, admin: Server) {
  const { host, adminHost = host } = options;
  const publicVariables = { host: "MILLRACE_HOST", port: "MILLRACE_PORT" };
  const publicPort = await listen(port.listener, { host, port: options.port, variables: publicVariables });
  try {
    const variables = { host: "MILLRACE_ADMIN_HOST", port: "MILLRACE_ADMIN_PORT" };
    return { publicPort, adminPort: await listen(admin, { host: adminHost, port: options.adminPort, variables }) };
  } catch (error) {
    port.listener.close();
    throw error;
  }
}

/** Undefined where the public port has no certificate to show. */
function servedTls({ tls }: ServerOptions): ServiceTls | undefined {
  return tls?.current().identity === undefined ? undefined : tls;
}

function urlOf(scheme: "http" | "https", host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `${scheme}://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
