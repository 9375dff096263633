import { randomBytes } from "node:crypto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import type { RecordStore } from "@millrace/record-store";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import { inProcessTransport } from "@millrace/runtime";
import { onTestFinished } from "vitest";
import { createConfigApp } from "./app.ts";

/** The moment at which the clock of a test's config begins. */
export const START_MS = Date.UTC(2026, 5, 1, 12);

/** A config on a record store in memory, for one test. */
export async function openConfig(options: { wrap?: (records: RecordStore) => RecordStore } = {}) {
  const embedded = await openEmbeddedRecordStore({ directory: ":memory:" });
  const records = options.wrap?.(embedded) ?? embedded;
  const clock = { nowMs: START_MS };
  const app = createConfigApp({ records, clock: () => clock.nowMs, random: randomBytes });
  onTestFinished(async () => {
    await app.close();
    await embedded.close();
  });

  /** Clients that call as a key of the account, or of a project, with these scopes. */
  function as(projectId?: string, scopes: Scope[] = [Scope.ADMIN, Scope.REPORT, Scope.SERVICE]) {
    const principal = { keyId: "test", projectId, scopes: new Set(scopes) };
    const transport = inProcessTransport(app.routes, { principal });
    return {
      projects: createClient(ProjectService, transport),
      keys: createClient(ApiKeyService, transport),
      metrics: createClient(MetricService, transport),
      rollups: createClient(RollupService, transport),
      snapshot: createClient(SnapshotService, transport),
    };
  }
  return { app, records, clock, as, ...as() };
}

/** How a call fails: its code, its reason and its message; fails itself when the call does not. */
export async function failing(call: Promise<unknown>): Promise<{ code: string; reason: string; message: string }> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ConnectError))
    throw new Error("the call did not fail with a ConnectError", { cause: outcome });
  const reason = outcome.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  return { code: Code[outcome.code], reason, message: outcome.rawMessage };
}
