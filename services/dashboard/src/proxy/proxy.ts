import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import {
  ACTING_FOR_HEADER,
  type AnyRequest,
  actingForText,
  ClientPool,
  createPooledTransport,
  credentialOf,
  type HealthOf,
  type Principal,
  type RawHandler,
  readerOf,
  type ServiceTls,
  sessionOf,
} from "@millrace/runtime";
import { forward } from "./forward.ts";
import { requestHeaders } from "./forwarded-headers.ts";
import { measuredName, OWNERS, type Owner, ownerOfPath, ownerOfService } from "./forwarded-services.ts";

/** Where requests are forwarded to, and for whom. */
export type ProxyOptions = {
  /** The addresses of each service. */
  readonly urls: Readonly<Record<Owner, readonly string[]>>;
  /** What is shown to services at addresses with https, and who is believed there. */
  readonly tls?: ServiceTls;
  /** By what the services behind believe that this one acts for somebody. */
  readonly serviceKey: string;
  /** Who holds a session of the page, given its text. */
  readonly authenticateSession: (text: string) => Promise<Principal>;
};

/** The front of an installation: one address for all services. */
export type Proxy = {
  /** The handler of a path that another service answers; undefined for any other path. */
  readonly findHandler: (path: string) => RawHandler | undefined;
  /** Whether a service behind takes calls. */
  readonly healthOf: HealthOf;
  /** Breaks off all that is under way. Idempotent. */
  readonly close: () => void;
};

const HEALTH_TIMEOUT_MS = 2_000;

/**
 * Makes the front of an installation. Requests with a credential of their own are forwarded as they are. A request of the
 * page has a session instead, which the services behind know nothing of: it goes on with the service key, in the name of whoever
 * holds the session.
 */
export function createProxy({ urls, tls, serviceKey, authenticateSession }: ProxyOptions): Proxy {
  const pooled = (owner: Owner) => ({ urls: urls[owner], ...(tls && { tls }) });
  const pools = new Map(OWNERS.map((owner) => [owner, new ClientPool(pooled(owner))]));
  const healths = new Map(OWNERS.map((owner) => [owner, createPooledTransport(pooled(owner))]));

  async function credentialHeaders(request: AnyRequest): Promise<Record<string, string>> {
    const header = readerOf(request.headers);
    if (credentialOf(header("authorization"), header("x-api-key")) !== undefined) return {};
    const session = sessionOf(header);
    if (session === undefined) return {};
    const principal = await authenticateSession(session);
    return { authorization: `Bearer ${serviceKey}`, [ACTING_FOR_HEADER]: actingForText(principal) };
  }

  return {
    findHandler(path) {
      const owner = ownerOfPath(path);
      if (owner === undefined) return undefined;
      return async (request, response, call) => {
        call.method = measuredName(path, owner);
        const headers = { ...requestHeaders(request, call), ...(await credentialHeaders(request)) };
        await forward(request, response, call, { owner, pool: pools.get(owner)!, headers });
      };
    },
    async healthOf(service, signal) {
      const owner = ownerOfService(service);
      if (owner === undefined) return undefined;
      try {
        const client = createClient(Health, healths.get(owner)!);
        const { status } = await client.check({ service }, { signal, timeoutMs: HEALTH_TIMEOUT_MS });
        return status === Status.SERVING;
      } catch (error) {
        return ConnectError.from(error).code === Code.NotFound ? undefined : false;
      }
    },
    close() {
      for (const pool of pools.values()) pool.close();
      for (const transport of healths.values()) transport.close();
    },
  };
}
