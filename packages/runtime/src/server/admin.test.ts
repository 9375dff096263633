import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import { ServerReflection } from "@millrace/api/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@millrace/api/grpc/reflection/v1alpha/reflection_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { bearer, curlGetProject, errorOf, startFixture, TRANSPORTS } from "./fixture.ts";

describe("probes", () => {
  it("see a live process at once, and a ready one when it says so and its backends agree", async () => {
    let backend = false;
    const server = await startFixture({ isReady: async () => backend });
    expect((await fetch(`${server.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
    backend = true;
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(200);
    server.setReady(false);
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
  });

  it("get a no in time while a backend hangs", async () => {
    const server = await startFixture({ isReady: () => new Promise(() => {}) });
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
  });

  it("find metrics of calls by method and code, and the version, but nothing of it on the public port", async () => {
    const server = await startFixture({ revision: "4f2a91c" });
    await curlGetProject(server, "{}", bearer("report-key"));
    await curlGetProject(server, "{}", {});
    const text = await (await fetch(`${server.adminUrl}/metrics`)).text();
    const of = (code: string) =>
      `rpc_method="millrace.config.v1.ProjectService/GetProject",rpc_response_status_code="${code}"`;
    expect(text).toContain(`rpc_server_call_duration_seconds_count{${of("ok")}`);
    expect(text).toContain(`rpc_server_call_duration_seconds_count{${of("unauthenticated")}`);
    expect(text).toContain("process_memory_usage");
    expect(await (await fetch(`${server.adminUrl}/version`)).json()).toMatchObject({
      service: "fixture",
      version: "1.2.3",
      revision: "4f2a91c",
    });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describe("the admin port over loopback", () => {
  it.each(["127.0.0.1", "localhost:9090", "LOCALHOST", "a.localhost", "[::1]:9090", "10.0.0.7"])(
    "answers as %s",
    async (host) => {
      expect(await statusAs(host)).toBe(200);
    },
  );

  it.each(["evil.example", "evil.example:9090", "127.0.0.1.evil.example", "localhost.evil.example"])(
    "tells nothing to a page whose name %j was made to stand for this machine",
    async (host) => expect(await statusAs(host)).toBe(421),
  );

  async function statusAs(host: string): Promise<number | undefined> {
    const { adminUrl } = await startFixture();
    const sent = get(`${adminUrl}/metrics`, { headers: { host } });
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  }
});

describe("gRPC health", () => {
  it("tells of the whole and of each service, and of changes as they come", async () => {
    const server = await startFixture();
    const client = createClient(Health, TRANSPORTS["gRPC over h2c"](server.url));
    expect((await client.check({})).status).toBe(Status.SERVING);
    expect((await client.check({ service: "millrace.config.v1.ProjectService" })).status).toBe(Status.SERVING);
    expect((await errorOf(client.check({ service: "nobody" }))).message).toContain("not_found");
    const seen: Status[] = [];
    for await (const { status } of client.watch({})) {
      seen.push(status);
      if (seen.length === 1) server.setReady(false);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
  });
});

describe("gRPC reflection", () => {
  it("lists services, and gives the files of a symbol with all that they import", async () => {
    const server = await startFixture({ reflection: true });
    const client = createClient(ServerReflection, TRANSPORTS["gRPC over h2c"](server.url));
    const requests = (async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
      yield {
        messageRequest: {
          case: "fileContainingSymbol" as const,
          value: "millrace.config.v1.ProjectService.GetProject",
        },
      };
      yield { messageRequest: { case: "fileByFilename" as const, value: "millrace/event/v1/event.proto" } };
      yield { messageRequest: { case: "fileContainingSymbol" as const, value: "nothing.Such" } };
    })();
    const answers = [];
    for await (const { messageResponse } of client.serverReflectionInfo(requests)) answers.push(messageResponse);
    const [services, symbol, file, nothing] = answers;
    expect(services?.case === "listServicesResponse" && services.value.service.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "millrace.config.v1.ProjectService",
      "millrace.config.v1.SnapshotService",
      "millrace.ingest.v1.IngestService",
    ]);
    const names = (answer: typeof symbol) =>
      answer?.case === "fileDescriptorResponse"
        ? answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
        : [];
    expect(names(symbol)[0]).toBe("millrace/config/v1/project_service.proto");
    expect(names(symbol)).toContain("google/protobuf/descriptor.proto");
    expect(names(file)[0]).toBe("millrace/event/v1/event.proto");
    expect(nothing?.case).toBe("errorResponse");
  });

  it("names what others serve behind this server too", async () => {
    const server = await startFixture({ reflection: true, behind: [StatusService] });
    const client = createClient(ServerReflection, TRANSPORTS["gRPC over h2c"](server.url));
    const requests = (async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
      yield { messageRequest: { case: "fileContainingSymbol" as const, value: StatusService.typeName } };
    })();
    const answers = [];
    for await (const { messageResponse } of client.serverReflectionInfo(requests)) answers.push(messageResponse);
    expect(answers[0]?.value).toMatchObject({
      service: expect.arrayContaining([expect.objectContaining({ name: StatusService.typeName })]),
    });
    expect(answers[1]?.case).toBe("fileDescriptorResponse");
  });

  it("answers clients that know only its older name", async () => {
    const server = await startFixture({ reflection: true });
    const client = createClient(ServerReflectionAlpha, TRANSPORTS["gRPC over h2c"](server.url));
    const asked = { messageRequest: { case: "fileByFilename" as const, value: "millrace/event/v1/event.proto" } };
    const requests = (async function* () {
      yield asked;
    })();
    const answers = [];
    for await (const answer of client.serverReflectionInfo(requests)) answers.push(answer);
    expect(answers[0]?.originalRequest?.messageRequest).toEqual(asked.messageRequest);
    expect(answers[0]?.messageResponse.case).toBe("fileDescriptorResponse");
  });

  it("is off unless it is asked for", async () => {
    const server = await startFixture();
    const client = createClient(ServerReflection, TRANSPORTS["gRPC over h2c"](server.url));
    const ask = async () => {
      for await (const _ of client.serverReflectionInfo((async function* () {})())) return;
    };
    expect((await errorOf(ask())).message).toContain("unimplemented");
  });
});

describe("a port in use", () => {
  it("stops the start with the port and its variable, and leaves nothing open", async () => {
    const occupant = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => occupant.once("listening", resolve));
    const { port } = occupant.address() as { port: number };
    for (const [option, variable] of [
      ["port", "MILLRACE_PORT"],
      ["adminPort", "MILLRACE_ADMIN_PORT"],
    ] as const) {
      const failure = await startFixture({ [option]: port }).catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(Failure);
      expect((failure as Failure).message).toBe(
        `${variable}: port ${port} on 127.0.0.1 is in use; stop what uses it, or choose another port`,
      );
    }
    occupant.close();
  });

  it("stops the start by the variable of the address, where that is what is wrong", async () => {
    // 192.0.2.0/24 is for documentation; no machine has it (RFC 5737).
    const failure = await startFixture({ host: "192.0.2.1" }).catch((thrown: unknown) => thrown);
    expect((failure as Failure).message).toBe("MILLRACE_HOST: 192.0.2.1 is not an address of this machine");
  });
});
