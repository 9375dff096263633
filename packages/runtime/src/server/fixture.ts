import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { IngestService, StreamResponse_EndCause } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { onTestFinished } from "vitest";
import { silentLogger } from "../log/silent-logger.ts";
import { type Authenticate, getPrincipal, type Principal, projectOf } from "../rpc/principal.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import type { RunningServer, ServerOptions } from "./server-options.ts";
import { startServer } from "./start-server.ts";

/** Keys that the tests' server knows. */
export const KEYS: Readonly<Record<string, Principal>> = {
  "ingest-key": { keyId: "i", projectId: "shop", scopes: new Set([Scope.INGEST]) },
  "report-key": { keyId: "r", projectId: "shop", scopes: new Set([Scope.REPORT]) },
  "admin-key": { keyId: "a", projectId: undefined, scopes: new Set([Scope.ADMIN]) },
  "service-key": { keyId: "s", projectId: undefined, scopes: new Set([Scope.SERVICE]) },
};

/** Knows KEYS, and says what is wrong with others. */
export const authenticateKeys: Authenticate = async (credential) => {
  if (credential === undefined) throw new Failure("unauthenticated", "CREDENTIAL_MISSING", "no API key was given");
  const principal = KEYS[credential];
  if (principal === undefined) throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "the API key is not known");
  return principal;
};

/** Project ids whose GetProject does something special; any other answers with the project. */
export const SPECIAL = {
  missing: "missing",
  broken: "broken",
  busy: "busy",
  waits: "waits",
} as const;

/** Routes that show each way in which a method can end. */
export function fixtureRoutes(router: ConnectRouter): void {
  router.service(ProjectService, {
    async getProject(request, context) {
      const projectId = projectOf(getPrincipal(context), request.projectId);
      if (projectId === SPECIAL.missing)
        throw new Failure("notFound", "PROJECT_NOT_FOUND", "project missing: ü does not exist");
      if (projectId === SPECIAL.broken) throw new TypeError("secret driver text");
      if (projectId === SPECIAL.busy) throw new Failure("exhausted", "OVERLOADED", "too much", { retryAfterMs: 1500 });
      if (projectId === SPECIAL.waits) {
        await new Promise((_, reject) => {
          context.signal.addEventListener("abort", () => reject(new Error("the driver was aborted")));
        });
      }
      return { project: { projectId } };
    },
  });
  router.service(SnapshotService, {
    async *watchChanges(_request, context) {
      yield {};
      if (context.requestHeader.has("x-break")) throw new TypeError("secret driver text");
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    },
  });
  router.service(IngestService, {
    async stream(requests, context) {
      const messages = requests[Symbol.asyncIterator]();
      const stopped = new Promise<"stopped">((resolve) => {
        context.signal.addEventListener("abort", () => resolve("stopped"));
      });
      let count = 0n;
      for (;;) {
        const next = await Promise.race([messages.next(), stopped]);
        if (next === "stopped") return { acceptedCount: count, endCause: StreamResponse_EndCause.DRAINING };
        if (next.done) return { acceptedCount: count, endCause: StreamResponse_EndCause.COMPLETE };
        count++;
      }
    },
  });
}

/** Starts a ready server on ports that the system chooses, and closes it after the test. */
export async function startFixture(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const telemetry = await createTelemetry({ service: "fixture", version: "1.2.3" });
  const server = await startServer({
    service: "fixture",
    version: "1.2.3",
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    routes: fixtureRoutes,
    authenticate: authenticateKeys,
    log: silentLogger(),
    telemetry,
    ...options,
  });
  server.setReady(true);
  onTestFinished(async () => {
    await server.close();
    await telemetry.shutdown();
  });
  return server;
}

/** Clients of each protocol, by name. */
export const TRANSPORTS = {
  "gRPC over h2c": (baseUrl: string) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over h2c": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect over HTTP/1.1": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
} as const;

/** The headers that show a key. */
export function bearer(key: string): { readonly authorization: string } {
  return { authorization: `Bearer ${key}` };
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  try {
    await promise;
  } catch (thrown) {
    return ConnectError.from(thrown);
  }
  throw new ConnectError("it did not fail", Code.Unknown);
}

/** Calls GetProject as curl would. */
export function curlGetProject(
  server: RunningServer,
  body: string,
  headers: Record<string, string> = bearer("admin-key"),
) {
  return fetch(`${server.url}/millrace.config.v1.ProjectService/GetProject`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}
