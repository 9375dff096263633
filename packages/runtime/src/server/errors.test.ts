import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { describe, expect, it } from "vitest";
import { createLogger } from "../log/logger.ts";
import { bearer, curlGetProject, errorOf, SPECIAL, startFixture, TRANSPORTS } from "./fixture.ts";

function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

function lines(): { log: ReturnType<typeof createLogger>; text: () => string } {
  let text = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { log: createLogger({ service: "t", level: "debug", pretty: false, destination }), text: () => text };
}

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  describe(`errors by ${name}`, () => {
    const headers = bearer("admin-key");

    it("carry a failure's code, text, reason and domain", async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const error = await errorOf(client.getProject({ projectId: SPECIAL.missing }, { headers }));
      expect(error.code).toBe(Code.NotFound);
      expect(error.rawMessage).toBe("project missing: ü does not exist");
      expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
        reason: "PROJECT_NOT_FOUND",
        domain: "millrace.dev",
      });
    });

    it("say when to try again", async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const error = await errorOf(client.getProject({ projectId: SPECIAL.busy }, { headers }));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
      expect(error.metadata.get("retry-after")).toBe("2");
    });

    it("name the fields that break the contract's rules, with the limit", async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const error = await errorOf(client.getProject({ projectId: "x".repeat(64) }, { headers }));
      expect(error.code).toBe(Code.InvalidArgument);
      expect(reasonOf(error)).toBe("FIELD_INVALID");
      const [violation] = error.findDetails(BadRequestSchema)[0]!.fieldViolations;
      expect(violation?.field).toBe("project_id");
      expect(violation?.description).toContain("63");
    });

    it("hide what an unexpected error says, and log it under the id that they show", async () => {
      const { log, text } = lines();
      const server = await startFixture({ log });
      const client = createClient(ProjectService, transport(server.url));
      const traced = { ...headers, "x-request-id": "request-7" };
      const error = await errorOf(client.getProject({ projectId: SPECIAL.broken }, { headers: traced }));
      expect(error.code).toBe(Code.Internal);
      expect(text()).toContain('"requestId":"request-7"');
      const id = /^internal error \(id ([0-9a-f-]{36})\)$/.exec(error.rawMessage)?.[1];
      expect(id).toBeDefined();
      expect(JSON.stringify(error.details)).not.toContain("secret driver text");
      expect(text()).toContain(id);
      expect(text()).toContain("secret driver text");
      expect(text()).not.toContain("admin-key");
    });

    it("refuse a message over the limit with its reason and the limit", async () => {
      const server = await startFixture({ limits: { messageBytesMax: 1000 } });
      const client = createClient(ProjectService, transport(server.url));
      const error = await errorOf(client.getProject({ projectId: "x".repeat(2000) }, { headers }));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(reasonOf(error)).toBe("MESSAGE_TOO_LARGE");
      expect(error.rawMessage).toBe("the message is larger than 1000 bytes, the most that is accepted");
    });

    it("come when the deadline passes, whatever the driver throws then", async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const error = await errorOf(client.getProject({ projectId: SPECIAL.waits }, { headers, timeoutMs: 50 }));
      expect(error.code).toBe(Code.DeadlineExceeded);
    });

    it("come too while a stream is being answered", async () => {
      const server = await startFixture();
      const client = createClient(SnapshotService, transport(server.url));
      const read = async () => {
        for await (const _ of client.watchChanges({}, { headers: { ...bearer("service-key"), "x-break": "1" } }));
      };
      const error = await errorOf(read());
      expect(error.code).toBe(Code.Internal);
      expect(error.rawMessage).toMatch(/^internal error \(id /);
    });

    it("say that a method is not there", async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const declared = await errorOf(client.listProjects({}, { headers }));
      expect(declared.code).toBe(Code.Unimplemented);
      const unserved = createClient(ProjectService, transport((await startFixture({ routes: () => {} })).url));
      expect((await errorOf(unserved.getProject({}, { headers }))).code).toBe(Code.Unimplemented);
    });
  });
}

describe("errors to curl", () => {
  it("have HTTP's status, Retry-After, and the reason in readable form", async () => {
    const server = await startFixture();
    const answer = await curlGetProject(server, JSON.stringify({ projectId: SPECIAL.busy }));
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("2");
    const body = (await answer.json()) as { code: string; details: { debug: { reason: string } }[] };
    expect(body).toMatchObject({ code: "resource_exhausted" });
    expect(body.details[0]?.debug.reason).toBe("OVERLOADED");
  });

  it.each([
    { name: "JSON that is none", body: "{", status: 400, reason: "REQUEST_MALFORMED", headers: {} },
    {
      name: "a field's wrong type",
      body: '{"projectId":5}',
      status: 400,
      reason: "REQUEST_MALFORMED",
      headers: {},
    },
    {
      name: "a field's misspelt name",
      body: '{"projctId":"shop"}',
      status: 400,
      reason: "REQUEST_MALFORMED",
      headers: {},
    },
    {
      name: "an unknown content type",
      body: "x",
      status: 415,
      reason: "CONTENT_TYPE_UNSUPPORTED",
      headers: { "content-type": "text/csv" },
    },
    {
      name: "a compression that is not taken",
      body: "x",
      status: 501,
      reason: "REQUEST_MALFORMED",
      headers: { "content-encoding": "br" },
    },
  ])("explain $name", async ({ body, status, reason, headers }) => {
    const server = await startFixture();
    const answer = await curlGetProject(server, body, { ...bearer("admin-key"), ...headers });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(await answer.json())).toContain(`"reason":"${reason}"`);
  });

  it("end a gRPC call to an unknown method within its headers, as every gRPC client understands", async () => {
    const server = await startFixture();
    const session = connectHttp2(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/no.Such/Method",
      "content-type": "application/grpc",
    });
    stream.end();
    const [headers, flags] = await once(stream, "response");
    session.destroy();
    expect(headers["grpc-status"]).toBe(String(Code.Unimplemented));
    expect(flags & constants.NGHTTP2_FLAG_END_STREAM).toBe(constants.NGHTTP2_FLAG_END_STREAM);
  });

  it("explain an unknown path with 404", async () => {
    const server = await startFixture();
    const answer = await fetch(`${server.url}/nowhere`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "unimplemented", message: "there is nothing at /nowhere" });
  });

  it("count a message's size after decompression", async () => {
    const server = await startFixture({ limits: { messageBytesMax: 10_000 } });
    const bomb = gzipSync(Buffer.from(JSON.stringify({ projectId: "x".repeat(1_000_000) })));
    expect(bomb.length).toBeLessThan(10_000);
    const answer = await fetch(`${server.url}/millrace.config.v1.ProjectService/GetProject`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip", ...bearer("admin-key") },
      body: bomb,
    });
    expect(answer.status).toBe(429);
    expect(JSON.stringify(await answer.json())).toContain("MESSAGE_TOO_LARGE");
  });

  it("end a unary call that brought no deadline after the server's own", async () => {
    const server = await startFixture({ limits: { unaryTimeoutMs: 30 } });
    const answer = await curlGetProject(server, JSON.stringify({ projectId: SPECIAL.waits }));
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
  });

  it("end a unary call that asked for longer than is allowed after what is allowed", async () => {
    const server = await startFixture({ limits: { unaryTimeoutMsMax: 30 } });
    const headers = { ...bearer("admin-key"), "connect-timeout-ms": "3600000" };
    const answer = await curlGetProject(server, JSON.stringify({ projectId: SPECIAL.waits }), headers);
    expect(answer.status).toBe(504);
  });
});
