import { Code, ConnectError } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import type { Connection } from "../connection.ts";

/** The project of all tests: it is made by the first, and stays, so that tests leave no more than one behind. */
export const PROJECT = "millrace-selftest";

/** The metrics of the project, and what they are broken down by. */
export const METRICS = ["selftest_events", "selftest_amount"] as const;
const DIMENSIONS = ["run", "kind"] as const;

/** Makes the project with all that it measures, where it is missing. */
export async function ensureProject(connection: Connection): Promise<void> {
  const projects = connection.client(ProjectService, "manage");
  const metrics = connection.client(MetricService, "manage");
  const rollups = connection.client(RollupService, "manage");
  const [events, amount] = METRICS;
  const projectId = PROJECT;
  await unlessThere(() =>
    projects.createProject({ project: { projectId, displayName: "Tests by millrace selftest" } }),
  );
  await unlessThere(() =>
    metrics.createMetric({ metric: { projectId, name: events, aggregation: Aggregation.COUNT } }),
  );
  await unlessThere(() =>
    metrics.createMetric({ metric: { projectId, name: amount, aggregation: Aggregation.SUM, property: "amount" } }),
  );
  await unlessThere(() =>
    rollups.createRollup({
      rollup: { projectId, name: "selftest_runs", metrics: [...METRICS], dimensions: [...DIMENSIONS] },
    }),
  );
}

/** Does something with a key that may send to the project and ask it, made for this and revoked after. */
export async function withKey<T>(connection: Connection, act: (key: string) => Promise<T>): Promise<T> {
  const keys = connection.client(ApiKeyService, "manage");
  const scopes = [Scope.INGEST, Scope.REPORT];
  const { apiKey, text } = await keys.createApiKey({
    apiKey: { projectId: PROJECT, displayName: "Made by millrace selftest", scopes },
  });
  try {
    return await act(text);
  } finally {
    if (apiKey !== undefined) await keys.revokeApiKey({ keyId: apiKey.keyId });
  }
}

async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof ConnectError && error.code === Code.AlreadyExists)) throw error;
  }
}
