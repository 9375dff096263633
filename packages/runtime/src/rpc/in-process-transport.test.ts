import { Code, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { describe, expect, it } from "vitest";
import { errorOf, fixtureRoutes, KEYS, SPECIAL } from "../server/fixture.ts";
import { inProcessTransport } from "./in-process-transport.ts";

function clientOf(key: string) {
  return createClient(ProjectService, inProcessTransport(fixtureRoutes, { principal: KEYS[key]! }));
}

describe("calls within the process", () => {
  it("are made as the principal, and answered without a socket", async () => {
    expect((await clientOf("report-key").getProject({})).project?.projectId).toBe("shop");
  });

  it("fail with the same codes and reasons as on the wire", async () => {
    const missing = await errorOf(clientOf("admin-key").getProject({ projectId: SPECIAL.missing }));
    expect(missing.code).toBe(Code.NotFound);
    expect(missing.findDetails(ErrorInfoSchema)[0]?.reason).toBe("PROJECT_NOT_FOUND");
    const denied = await errorOf(clientOf("ingest-key").getProject({}));
    expect(denied.code).toBe(Code.PermissionDenied);
    const invalid = await errorOf(clientOf("admin-key").getProject({ projectId: "x".repeat(64) }));
    expect(invalid.findDetails(ErrorInfoSchema)[0]?.reason).toBe("FIELD_INVALID");
    const broken = await errorOf(clientOf("admin-key").getProject({ projectId: SPECIAL.broken }));
    expect(broken.rawMessage).toMatch(/^internal error/);
  });

  it("by a key of web pages are refused, as no page makes them", async () => {
    const principal = { ...KEYS["report-key"]!, allowedOrigins: ["https://example.org"] };
    const client = createClient(ProjectService, inProcessTransport(fixtureRoutes, { principal }));
    const refused = await errorOf(client.getProject({}));
    expect(refused.code).toBe(Code.PermissionDenied);
    expect(refused.findDetails(ErrorInfoSchema)[0]?.reason).toBe("ORIGIN_NOT_ALLOWED");
    const headers = { origin: "https://example.org" };
    expect((await client.getProject({}, { headers })).project?.projectId).toBe("shop");
  });

  it("stream", async () => {
    const client = createClient(
      SnapshotService,
      inProcessTransport(fixtureRoutes, { principal: KEYS["service-key"]! }),
    );
    let count = 0;
    for await (const _ of client.watchChanges({})) {
      count++;
      break;
    }
    expect(count).toBe(1);
  });
});
