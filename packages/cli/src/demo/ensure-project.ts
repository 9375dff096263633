import { Code, ConnectError } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import type { Connection } from "../connection.ts";
import { parseConditions } from "../query/condition.ts";
import { ensureImportKey } from "../send/import-key.ts";

/** What the demo measures. A project of the template web has some of it already. */
const METRICS = [
  { name: "signups", aggregation: Aggregation.COUNT, where: "name=signup", description: "Accounts made." },
  {
    name: "orders",
    aggregation: Aggregation.UNIQUE,
    property: "order_id",
    where: "name=order",
    description: "Different orders.",
  },
  {
    name: "revenue",
    aggregation: Aggregation.SUM,
    property: "revenue",
    where: "name=order",
    unit: "EUR",
    description: "What was sold for.",
  },
] as const;

const ROLLUPS = [
  { name: "demo_totals", metrics: ["signups"], dimensions: [] },
  { name: "demo_countries", metrics: ["signups", "orders", "revenue"], dimensions: ["country"] },
  { name: "demo_products", metrics: ["orders", "revenue"], dimensions: ["product"] },
  { name: "demo_plans", metrics: ["signups"], dimensions: ["plan"] },
] as const;

/**
 * Makes sure that the project is there, with keys and with metrics for what the demo sends. Changes nothing where all of
 * it is there; where a key was given, nothing at all.
 *
 * @param say is told what was made
 */
export async function ensureDemoProject(connection: Connection, say: (line: string) => void): Promise<void> {
  if (connection.target.key !== undefined) return;
  if (!connection.canManage) return;
  const projectId = connection.project;
  const projects = connection.client(ProjectService, "manage");
  if (
    await isCreated(() =>
      projects.createProject({ project: { projectId, displayName: "Demo", template: Template.WEB } }),
    )
  )
    say(`Made the project ${projectId}, of the template web.`);
  if (!connection.knownProjects.includes(projectId) && connection.canKeep) {
    const { text: key } = await connection.client(ApiKeyService, "manage").createApiKey({
      apiKey: { projectId, displayName: "Made by millrace demo", scopes: [Scope.INGEST, Scope.REPORT] },
    });
    connection.keep(projectId, { key });
    say(`Made a key for it, and kept it in ${connection.credentialsPath}.`);
  }
  if (connection.canKeep) await ensureImportKey(connection);
  await ensureMetrics(connection, projectId, say);
}

async function ensureMetrics(connection: Connection, projectId: string, say: (line: string) => void): Promise<void> {
  const metrics = connection.client(MetricService, "manage");
  const made: string[] = [];
  for (const { where, ...metric } of METRICS) {
    const filter = parseConditions([where])!;
    if (await isCreated(() => metrics.createMetric({ metric: { projectId, ...metric, filter } })))
      made.push(metric.name);
  }
  const rollups = connection.client(RollupService, "manage");
  for (const { name, metrics: some, dimensions } of ROLLUPS) {
    await isCreated(() =>
      rollups.createRollup({ rollup: { projectId, name, metrics: [...some], dimensions: [...dimensions] } }),
    );
  }
  if (made.length > 0) say(`Made ${made.length === 1 ? "the metric" : "the metrics"} ${made.join(", ")}.`);
}

/** False when it was there already. */
async function isCreated(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.AlreadyExists) return false;
    throw error;
  }
}
