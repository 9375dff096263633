import { Code, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { describe, expect, it } from "vitest";
import { readPrincipal } from "../rpc/principal.ts";
import { authenticateKeys, bearer, curlGetProject, errorOf, startFixture, TRANSPORTS } from "./fixture.ts";
import { writeAnswer } from "./write-answer.ts";

describe("who may call", () => {
  it("is told by Authorization: Bearer or by X-Api-Key", async () => {
    const server = await startFixture();
    expect((await curlGetProject(server, "{}", bearer("report-key"))).status).toBe(200);
    expect((await curlGetProject(server, "{}", { "x-api-key": "report-key" })).status).toBe(200);
  });

  it.each([
    { name: "no credential", headers: {}, status: 401, reason: "CREDENTIAL_MISSING" },
    { name: "an unknown key", headers: bearer("nobody"), status: 401, reason: "CREDENTIAL_UNKNOWN" },
    {
      name: "another kind of authorization",
      headers: { authorization: "Basic eDp5" },
      status: 401,
      reason: "CREDENTIAL_MALFORMED",
    },
    { name: "a key without the scope", headers: bearer("ingest-key"), status: 403, reason: "SCOPE_MISSING" },
  ])("excludes a call with $name", async ({ headers, status, reason }) => {
    const server = await startFixture();
    const answer = await curlGetProject(server, "{}", headers);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(await answer.json())).toContain(`"reason":"${reason}"`);
  });

  it("learns which scope is needed, and which the key has", async () => {
    const server = await startFixture();
    const answer = await curlGetProject(server, "{}", bearer("ingest-key"));
    expect(await answer.json()).toMatchObject({ message: "this needs the scope report; the key has ingest" });
  });

  it("lets a key of one project see its own, and of others not even that they exist", async () => {
    const server = await startFixture();
    const own = await curlGetProject(server, "{}", bearer("report-key"));
    expect(await own.json()).toEqual({ project: { projectId: "shop" } });
    const other = await curlGetProject(server, '{"projectId":"blog"}', bearer("report-key"));
    expect(other.status).toBe(404);
    expect(JSON.stringify(await other.json())).toContain("PROJECT_NOT_FOUND");
  });

  it("must name a project when its key has none", async () => {
    const server = await startFixture();
    const answer = await curlGetProject(server, "{}", bearer("admin-key"));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain("PROJECT_REQUIRED");
  });

  it("keeps methods between services to services, administrators excluded", async () => {
    const server = await startFixture();
    const client = createClient(SnapshotService, TRANSPORTS["gRPC over h2c"](server.url));
    const watch = async (key: string) => {
      for await (const _ of client.watchChanges({}, { headers: bearer(key) })) return;
    };
    await watch("service-key");
    const error = await errorOf(watch("admin-key"));
    expect(error.code).toBe(Code.PermissionDenied);
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({ required: "service", held: "admin" });
  });

  it("is found out before a body is read", async () => {
    const server = await startFixture({ limits: { messageBytesMax: 10 } });
    const answer = await curlGetProject(server, JSON.stringify({ projectId: "x".repeat(1000) }), bearer("nobody"));
    expect(answer.status).toBe(401);
  });

  it("is found out for paths handled by hand, by a query parameter only where that is allowed", async () => {
    const server = await startFixture({
      rawHandlers: {
        "/v1/beacon": async (request, response) => {
          const { keyId } = await readPrincipal(
            request.headers,
            request.url ?? "",
            authenticateKeys,
            Scope.INGEST,
            "key",
          );
          writeAnswer(response, { status: 200, headers: {}, body: keyId });
        },
        "/v1/events": async (request, response) => {
          await readPrincipal(request.headers, request.url ?? "", authenticateKeys, Scope.INGEST);
          response.end();
        },
      },
    });
    expect(await (await fetch(`${server.url}/v1/beacon?key=ingest-key`)).text()).toBe("i");
    expect((await fetch(`${server.url}/v1/events?key=ingest-key`)).status).toBe(401);
    expect((await fetch(`${server.url}/v1/beacon?key=report-key`)).status).toBe(403);
  });

  it("sees a backend's failure as that, not as a wrong key", async () => {
    const server = await startFixture({
      authenticate: async () => {
        throw new TypeError("secret driver text");
      },
    });
    const client = createClient(ProjectService, TRANSPORTS["Connect over h2c"](server.url));
    const error = await errorOf(client.getProject({}, { headers: bearer("report-key") }));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).not.toContain("secret");
  });
});
