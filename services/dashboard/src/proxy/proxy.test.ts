import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import {
  ACTING_FOR_HEADER,
  type AnyRequest,
  actingForText,
  authenticateServices,
  createTelemetry,
  getPrincipal,
  type Principal,
  type RunningServer,
  type ServerOptions,
  silentLogger,
  startServer,
  writeAnswer,
} from "@millrace/runtime";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProxy } from "./proxy.ts";

const SERVICE_KEY = `mlr_service_${"k".repeat(32)}`;
const ADA: Principal = { keyId: "ada", projectId: undefined, scopes: new Set([Scope.ADMIN, Scope.REPORT]) };
const SESSION = "mls_good";

async function serve(options: Pick<ServerOptions, "routes" | "authenticate"> & Partial<ServerOptions>) {
  const telemetry = await createTelemetry({ service: "test", version: "1" });
  const server = await startServer({
    ...{ service: "test", version: "1", host: "127.0.0.1", port: 0, adminPort: 0, log: silentLogger(), telemetry },
    ...options,
  });
  server.setReady(true);
  onTestFinished(async () => {
    await server.close();
    await telemetry.shutdown();
  });
  return server;
}

/** A service behind, which knows the service key and one API key, and keeps the headers that it was called with. */
async function startBehind() {
  const seen: { headers: IncomingHttpHeaders; principal?: Principal }[] = [];
  const aborted = Promise.withResolvers<void>();
  const firstMessage = Promise.withResolvers<void>();
  const server = await serve({
    authenticate: authenticateServices([SERVICE_KEY], async (text) => {
      if (text === "good-key")
        return { keyId: "key", projectId: "demo", scopes: new Set([Scope.INGEST, Scope.REPORT]) };
      throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "unknown");
    }),
    trustedProxies: 1,
    routes(router) {
      router.service(ProjectService, {
        getProject(request, context) {
          const principal = getPrincipal(context);
          seen.push({ headers: Object.fromEntries(context.requestHeader), principal });
          if (request.projectId === "missing") throw new Failure("notFound", "PROJECT_NOT_FOUND", "ü is not there");
          return { project: { projectId: request.projectId, displayName: "x".repeat(200_000) } };
        },
      });
      router.service(SnapshotService, {
        async *watchChanges(_request, context) {
          yield { keyIds: ["first"] };
          context.signal.addEventListener("abort", () => aborted.resolve());
          await aborted.promise;
        },
      });
      router.service(IngestService, {
        async stream(requests) {
          let count = 0n;
          for await (const { events } of requests) {
            count += BigInt(events.length);
            firstMessage.resolve();
          }
          return { acceptedCount: count };
        },
      });
    },
    rawHandlers: {
      "/v1/events": async (request: AnyRequest, response, call) => {
        seen.push({ headers: request.headers });
        let bytes = 0;
        for await (const chunk of request) bytes += (chunk as Buffer).length;
        const headers = { "content-type": "text/plain", "x-own": "1", "access-control-allow-origin": "https://evil" };
        writeAnswer(response, { status: 202, headers, body: `${bytes} ${call.clientAddress()}` });
      },
    },
  });
  return { url: server.url, seen, aborted: aborted.promise, firstMessage: firstMessage.promise, server };
}

async function startFront(behind: string): Promise<RunningServer> {
  const urls = { ingest: [behind], config: [behind], reporting: [behind], processing: [behind] };
  const proxy = createProxy({
    urls,
    serviceKey: SERVICE_KEY,
    async authenticateSession(text) {
      if (text === SESSION) return ADA;
      throw new Failure("unauthenticated", "SESSION_INVALID", "no such session");
    },
  });
  onTestFinished(() => proxy.close());
  return serve({
    routes: () => {},
    authenticate: async () => ADA,
    findHandler: proxy.findHandler,
    healthOf: proxy.healthOf,
    trustedProxies: 0,
  });
}

async function startBoth() {
  const behind = await startBehind();
  return { behind, front: await startFront(behind.url) };
}

const TRANSPORTS = {
  "gRPC over h2c": (baseUrl: string) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over h2c": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect over HTTP/1.1": (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
};
const KEY = { headers: { authorization: "Bearer good-key" } };

describe.each(Object.entries(TRANSPORTS))("a call by %s", (_, transportTo) => {
  it("is answered as the service behind answers it, failures and their details too", async () => {
    const { front } = await startBoth();
    const client = createClient(ProjectService, transportTo(front.url));
    const { project } = await client.getProject({ projectId: "p" }, KEY);
    expect(project).toMatchObject({ projectId: "p", displayName: "x".repeat(200_000) });
    const error = await client.getProject({ projectId: "missing" }, KEY).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "ü is not there" });
    expect((error as ConnectError).details).toHaveLength(1);
  });

  it("streams an answer as it comes, and tells the service when nobody reads any more", async () => {
    const { front, behind } = await startBoth();
    const service = { headers: { authorization: `Bearer ${SERVICE_KEY}` } };
    const ending = new AbortController();
    const changes = createClient(SnapshotService, transportTo(front.url)).watchChanges(
      {},
      { ...service, signal: ending.signal },
    );
    for await (const { keyIds } of changes) {
      expect(keyIds).toEqual(["first"]);
      break;
    }
    ending.abort();
    await behind.aborted;
  });
});

describe("a stream of events", () => {
  it("is forwarded while it is sent, and answered at its end", async () => {
    const { front } = await startBoth();
    async function* messages() {
      for (let i = 0; i < 50; i++) yield { events: Array.from({ length: 20 }, () => ({ name: "x".repeat(1_000) })) };
    }
    const client = createClient(IngestService, createGrpcTransport({ baseUrl: front.url }));
    expect(await client.stream(messages(), KEY)).toMatchObject({ acceptedCount: 1_000n });
  });

  it("is answered with what is durable when the front drains", async () => {
    const { front, behind } = await startBoth();
    const client = createClient(IngestService, createGrpcTransport({ baseUrl: front.url }));
    async function* messages() {
      yield { events: [{ name: "a" }, { name: "b" }] };
      await new Promise(() => {});
    }
    const answer = client.stream(messages(), KEY);
    await behind.firstMessage;
    await front.drain();
    expect(await answer).toMatchObject({ acceptedCount: 2n });
  });
});

describe("a request of the page", () => {
  const page = { "sec-fetch-site": "same-origin", "content-type": "application/json" };
  const get = (front: RunningServer, headers: Record<string, string>) =>
    fetch(`${front.url}/millrace.config.v1.ProjectService/GetProject`, {
      method: "POST",
      headers: { ...page, ...headers },
      body: '{"projectId":"p"}',
    });
  const cookie = (front: RunningServer, session = SESSION) => ({ cookie: `millrace_session_${front.port}=${session}` });

  it("goes on in the name of whoever holds the session, without the cookie", async () => {
    const { front, behind } = await startBoth();
    expect((await get(front, cookie(front))).status).toBe(200);
    const [call] = behind.seen;
    expect(call?.principal).toEqual(ADA);
    expect(call?.headers["cookie"]).toBeUndefined();
  });

  it("is refused with a session that is none, or from a page of another origin", async () => {
    const { front, behind } = await startBoth();
    expect((await get(front, cookie(front, "mls_other"))).status).toBe(401);
    expect((await get(front, { ...cookie(front), "sec-fetch-site": "cross-site" })).status).toBe(401);
    expect((await get(front, {})).status).toBe(401);
    expect(behind.seen).toEqual([]);
  });
});

describe("whoever says that they act for another", () => {
  const forged = { [ACTING_FOR_HEADER]: actingForText(ADA) };

  it("is who they are, at the front and behind it", async () => {
    const { front, behind } = await startBoth();
    for (const url of [front.url, behind.url]) {
      const client = createClient(ProjectService, createGrpcTransport({ baseUrl: url }));
      await client.getProject({ projectId: "demo" }, { headers: { ...KEY.headers, ...forged } });
      expect(behind.seen.at(-1)?.principal).toMatchObject({ keyId: "key", projectId: "demo" });
    }
    expect(behind.seen[0]?.headers[ACTING_FOR_HEADER]).toBeUndefined();
  });

  it("is not believed at the front even with the service key", async () => {
    const { front } = await startBoth();
    const client = createClient(ProjectService, createGrpcTransport({ baseUrl: front.url }));
    const call = client.getProject(
      { projectId: "p" },
      { headers: { authorization: `Bearer ${SERVICE_KEY}`, ...forged } },
    );
    expect(await call.catch(ConnectError.from)).toMatchObject({ code: Code.PermissionDenied });
  });
});

describe("the headers of a request", () => {
  it("say from which address it came, whatever the caller says, and nothing of its connection", async () => {
    const { front, behind } = await startBoth();
    const answer = await fetch(`${front.url}/v1/events`, {
      method: "POST",
      body: "x".repeat(300_000),
      headers: { "x-forwarded-for": "8.8.8.8", "x-api-key": "good-key", "x-request-id": "mine", te: "trailers" },
    });
    expect([answer.status, await answer.text()]).toEqual([202, "300000 127.0.0.1"]);
    expect([answer.headers.get("x-own"), answer.headers.get("x-request-id")]).toEqual(["1", "mine"]);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    const headers = behind.seen[0]!.headers;
    expect(headers).toMatchObject({ "x-api-key": "good-key", "x-request-id": "mine", "x-forwarded-for": "127.0.0.1" });
    for (const name of ["connection", "transfer-encoding", "keep-alive"]) expect(headers[name]).toBeUndefined();
  });
});

describe("a service that is away", () => {
  it("is said to be unavailable, by every protocol, and its health too", async () => {
    const { front, behind } = await startBoth();
    await behind.server.close();
    for (const transportTo of Object.values(TRANSPORTS)) {
      const call = createClient(ProjectService, transportTo(front.url)).getProject({ projectId: "p" }, KEY);
      expect(await call.catch(ConnectError.from)).toMatchObject({ code: Code.Unavailable });
    }
    expect((await fetch(`${front.url}/v1/events`, { method: "POST", body: "{}" })).status).toBe(503);
  });

  it("that breaks off in the middle of an answer leaves nobody to take it for a whole one", async () => {
    const broken = createServer().on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200, "content-type": "application/json", "content-length": "1000" });
      stream.write('{"project":', () => stream.session?.destroy());
    });
    broken.listen(0, "127.0.0.1");
    await new Promise((resolve) => broken.once("listening", resolve));
    onTestFinished(() => void broken.close());
    const front = await startFront(`http://127.0.0.1:${(broken.address() as AddressInfo).port}`);
    const answer = fetch(`${front.url}/v1/events`, { method: "POST", body: "{}" }).then((response) => response.text());
    await expect(answer).rejects.toThrow();
    const client = createClient(ProjectService, createGrpcTransport({ baseUrl: front.url }));
    const call = client.getProject({ projectId: "p" }, KEY).catch((error: unknown) => error);
    expect(await call).toBeInstanceOf(ConnectError);
  });
});

describe("a path that is nobody's", () => {
  it("is not forwarded", async () => {
    const { front, behind } = await startBoth();
    for (const path of ["/millrace.secret.v1.X/Y", "/grpc.health.v1.Health/Nothing", "/v1/other"]) {
      expect((await fetch(`${front.url}${path}`, { method: "POST", body: "{}" })).status).toBe(404);
    }
    expect(behind.seen).toEqual([]);
  });
});
