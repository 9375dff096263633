import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import type { Logger } from "../log/logger.ts";
import { silentLogger } from "../log/silent-logger.ts";
import { authenticateGate } from "./authenticate-gate.ts";
import { mapFailures } from "./map-failures.ts";
import type { Principal } from "./principal.ts";
import { validateRequests } from "./validate.ts";

/** How calls within a process are made. */
export type InProcessOptions = {
  /** On whose behalf every call is made. */
  readonly principal: Principal;
  readonly log?: Logger;
  /** More interceptors, inside those of the runtime. */
  readonly interceptors?: readonly Interceptor[];
};

/**
 * A transport to services of the same process, without a socket: the same mapping of failures, scope check and
 * validation as on the wire, as `principal`.
 */
export function inProcessTransport(routes: (router: ConnectRouter) => void, options: InProcessOptions): Transport {
  const log = options.log ?? silentLogger();
  const router: ConnectRouterOptions = {
    interceptors: [mapFailures(log), validateRequests(), ...(options.interceptors ?? [])],
    requestGate: authenticateGate(async () => options.principal, log),
  };
  return createRouterTransport(routes, { router });
}
