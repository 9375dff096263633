import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { IngestService, StreamResponse_EndCause } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it } from "vitest";
import { authenticateKeys, bearer, curlGetProject, startFixture, TRANSPORTS } from "./fixture.ts";
import type { RawHandler } from "./request-listener.ts";

/** A handler that answers when it is told to, and counts what it has seen. */
function gate() {
  const seen: string[] = [];
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let arrived = (): void => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const handler: RawHandler = async (request, response) => {
    seen.push(String(request.headers["x-id"]));
    arrived();
    await opened;
    response.end("done");
  };
  return { seen, open, first, handler };
}

describe("a drain", () => {
  it("ends well when clients reset their connections meanwhile", async () => {
    const server = await startFixture({});
    const sockets = Array.from({ length: 3 }, () => connect(server.port, "127.0.0.1"));
    for (const socket of sockets) {
      socket.on("error", () => {});
      await once(socket, "connect");
    }
    // It answers, so it has taken those before as well.
    await fetch(`${server.adminUrl}/livez`);
    const drained = server.drain();
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const socket of sockets) socket.resetAndDestroy();
    await expect(drained).resolves.toBeUndefined();
  });

  it("answers every call that a handler saw; others are refused unseen", async () => {
    const seen = new Set<string>();
    const server = await startFixture({
      rawHandlers: {
        "/work": async (request, response) => {
          seen.add(String(request.headers["x-id"]));
          await new Promise((resolve) => setTimeout(resolve, 5));
          response.end("done");
        },
      },
    });
    const manager = new Http2SessionManager(server.url);
    const outcomes = new Map<string, "ok" | "failed">();
    let next = 0;
    const call = async (): Promise<boolean> => {
      const id = String(next++);
      const answered = await new Promise<boolean>((resolve) => {
        manager.request("POST", "/work", { "x-id": id }, {}).then(
          (stream) => {
            let body = "";
            stream.on("data", (chunk) => {
              body += chunk;
            });
            stream.on("error", () => {});
            stream.on("close", () => resolve(body === "done"));
            stream.end("x");
          },
          () => resolve(false),
        );
      });
      outcomes.set(id, answered ? "ok" : "failed");
      return answered;
    };
    const workers = Array.from({ length: 30 }, async () => {
      while (await call());
    });
    while (outcomes.size < 200) await new Promise(setImmediate);
    await server.drain();
    await Promise.all(workers);
    const ambiguous = [...outcomes].filter(([id, outcome]) => outcome === "failed" && seen.has(id));
    expect(ambiguous).toEqual([]);
    manager.abort();
  });

  it("tells a stream to answer early: its client gets the count so far, long before its own end", async () => {
    const server = await startFixture();
    const client = createClient(IngestService, TRANSPORTS["gRPC over h2c"](server.url));
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let sent = 0;
    const messages = (async function* () {
      for (let sequence = 1n; sequence <= 5n; sequence++, sent++) yield { sequence };
      await ended;
    })();
    const answer = client.stream(messages, { headers: bearer("ingest-key") });
    while (sent < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([server.drain(), answer]);
    const { acceptedCount, endCause } = await answer;
    expect(acceptedCount).toBeLessThanOrEqual(5n);
    expect(endCause).toBe(StreamResponse_EndCause.DRAINING);
    end();
  });

  it("leaves unary calls under way alone, by gRPC and on a kept HTTP/1.1 connection", async () => {
    const { handler, open, first, seen } = gate();
    const server = await startFixture({ rawHandlers: { "/gate": handler } });
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<{ body: string; connection: string | undefined }>((resolve, reject) => {
      const request = httpRequest(`${server.url}/gate`, { agent, headers: { "x-id": "1" } }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ body, connection: response.headers.connection }));
      });
      request.on("error", reject);
      request.end();
    });
    await first;
    const drained = server.drain();
    open();
    expect(await answer).toEqual({ body: "done", connection: "close" });
    await drained;
    expect(seen).toEqual(["1"]);
    agent.destroy();
  });

  it("withdraws readiness first, tells health watchers, and goes on serving for the delay", async () => {
    const server = await startFixture({ drainDelayMs: 150 });
    const watcher = createClient(Health, TRANSPORTS["gRPC over h2c"](server.url));
    const seen: Status[] = [];
    const watched = (async () => {
      for await (const { status } of watcher.watch({})) seen.push(status);
    })();
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const drained = server.drain();
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
    expect((await curlGetProject(server, "{}", bearer("report-key"))).status).toBe(200);
    await drained;
    await watched;
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await expect(curlGetProject(server, "{}", bearer("report-key"))).rejects.toThrow();
    expect((await fetch(`${server.adminUrl}/livez`)).status).toBe(200);
  });

  it("does not wait for a call whose client was gone before it was let in", async () => {
    const asked = Promise.withResolvers<void>();
    const letIn = Promise.withResolvers<void>();
    const server = await startFixture({
      drainDeadlineMs: 60_000,
      async authenticate(credential) {
        asked.resolve();
        await letIn.promise;
        return authenticateKeys(credential);
      },
      rawHandlers: { "/other": async (_request, response) => void response.end() },
    });
    const session = connectHttp2(server.url);
    const watchChanges = `/${SnapshotService.typeName}/${SnapshotService.method.watchChanges.name}`;
    const headers = { ":method": "POST", "content-type": "application/grpc", ...bearer("service-key") };
    const call = session.request({ ":path": watchChanges, ...headers });
    call.on("error", () => {});
    await asked.promise;
    call.close(constants.NGHTTP2_CANCEL);
    // Answered on the same connection, so the server has heard of that before.
    const other = session.request({ ":path": "/other" });
    await once(other.resume(), "close");
    letIn.resolve();
    await server.drain();
    session.destroy();
  });

  it("cuts off at its deadline what does not end", async () => {
    const { handler, first } = gate();
    const server = await startFixture({ rawHandlers: { "/gate": handler }, drainDeadlineMs: 50 });
    const answer = fetch(`${server.url}/gate`).then(
      () => "answered",
      () => "cut off",
    );
    await first;
    await server.drain();
    expect(await answer).toBe("cut off");
  });

  it("aborts a method whose connection is cut, so that it ends too", async () => {
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const server = await startFixture({
      drainDeadlineMs: 50,
      routes: (router) =>
        router.service(ProjectService, {
          async getProject(_request, { signal }) {
            began.resolve();
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            ended.resolve();
            throw new Error("the driver was aborted");
          },
        }),
    });
    const client = createClient(ProjectService, createGrpcTransport({ baseUrl: server.url }));
    // What Connect's client for Node makes of a connection that is cut is its own: without a deadline it may wait for ever.
    const call = client.getProject({ projectId: "shop" }, { headers: bearer("admin-key"), timeoutMs: 10_000 });
    const answered = call.then(
      () => "answered",
      () => "cut off",
    );
    await began.promise;
    await server.drain();
    await ended.promise;
    expect(await answered).toBe("cut off");
  });
});
