import { buffer } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import {
  IngestService,
  SendRequestSchema,
  SendResponseSchema,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { readPrincipal } from "../rpc/principal.ts";
import { answerGrpc } from "./answer-grpc.ts";
import { authenticateKeys, bearer, curlGetProject, errorOf, startFixture, TRANSPORTS } from "./fixture.ts";
import type { RawHandler } from "./request-listener.ts";
import { writeAnswer, writeHead } from "./write-answer.ts";

const SEND = "/millrace.ingest.v1.IngestService/Send";

/** gRPC by hand over the raw HTTP/2 stream, as a hot path does it. */
const send: RawHandler = async (request, response) => {
  await readPrincipal(request.headers, request.url ?? "", authenticateKeys, Scope.INGEST);
  if (!("stream" in request)) throw new Failure("unimplemented", "METHOD_UNKNOWN", "gRPC needs HTTP/2");
  const { stream } = request;
  const message = fromBinary(SendRequestSchema, (await buffer(stream)).subarray(5));
  const failure =
    message.events.length === 0 ? new Failure("invalid", "BATCH_EMPTY", "the batch holds no event: 0 %") : undefined;
  if (failure !== undefined) return answerGrpc(response, undefined, failure);
  answerGrpc(
    response,
    toBinary(SendResponseSchema, create(SendResponseSchema, { acceptedCount: message.events.length })),
  );
};

describe("an answer", () => {
  it.each(["/", "/<script>", "/millrace.config.v1.ProjectService/GetProject", "/grpc.health.v1.Health/Check"])(
    "of %s is never taken by a browser for something else",
    async (path) => {
      const server = await startFixture();
      const answer = await fetch(server.url + path);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-type")).toBe("application/json");
    },
  );
});

describe("a path handled by hand", () => {
  it("can answer gRPC over the raw stream, errors and their details too", async () => {
    const server = await startFixture({ rawHandlers: { [SEND]: send } });
    const client = createClient(IngestService, TRANSPORTS["gRPC over h2c"](server.url));
    const headers = bearer("ingest-key");
    expect((await client.send({ events: [{ name: "a" }, { name: "b" }] }, { headers })).acceptedCount).toBe(2);
    const error = await errorOf(client.send({}, { headers }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe("the batch holds no event: 0 %");
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("BATCH_EMPTY");
  });

  it("has what it throws answered in the caller's protocol", async () => {
    const server = await startFixture({ rawHandlers: { [SEND]: send } });
    for (const name of ["gRPC over h2c", "gRPC-Web over HTTP/1.1", "Connect over HTTP/1.1"] as const) {
      const client = createClient(IngestService, TRANSPORTS[name](server.url));
      const error = await errorOf(client.send({ events: [{ name: "a" }] }, { headers: bearer("report-key") }));
      expect(error.code).toBe(Code.PermissionDenied);
      expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("SCOPE_MISSING");
    }
  });

  it("hides an unexpected error, and breaks off an answer that has begun", async () => {
    const server = await startFixture({
      rawHandlers: {
        "/before": async () => {
          throw new TypeError("secret");
        },
        "/midway": async (_request, response) => {
          writeHead(response, 200, { "content-length": "100" });
          if (!("stream" in response)) response.write("half");
          throw new TypeError("secret");
        },
      },
    });
    const before = await fetch(`${server.url}/before`);
    expect(before.status).toBe(500);
    expect(await before.text()).not.toContain("secret");
    await expect(fetch(`${server.url}/midway`).then((answer) => answer.text())).rejects.toThrow();
  });

  it("may leave a request to the RPC of the path", async () => {
    const path = "/millrace.config.v1.ProjectService/GetProject";
    const server = await startFixture({ rawHandlers: { [path]: () => undefined } });
    expect((await curlGetProject(server, "{}", bearer("report-key"))).status).toBe(200);
  });
});

describe("paths that come to be later", () => {
  it("are asked for at each request, after the paths by hand and the RPCs", async () => {
    const paths = new Set(["/millrace.config.v1.ProjectService/GetProject"]);
    const server = await startFixture({
      findHandler: (path) =>
        paths.has(path)
          ? async (_request, response) => writeAnswer(response, { status: 200, headers: {}, body: "found" })
          : undefined,
    });
    expect((await fetch(`${server.url}/file`)).status).toBe(404);
    paths.add("/file");
    expect(await (await fetch(`${server.url}/file`)).text()).toBe("found");
    expect(await (await curlGetProject(server, '{"projectId":"a"}')).json()).toEqual({ project: { projectId: "a" } });
  });
});
