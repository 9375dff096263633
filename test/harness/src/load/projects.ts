import type { MessageInitShape } from "@bufbuild/protobuf";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import type { MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import type { ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import type { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import type { Installation } from "../installation.ts";

/** A project to be made, with metrics and rollups of its own. */
export type NewProject = {
  readonly project: MessageInitShape<typeof ProjectSchema> & { projectId: string };
  readonly metrics?: readonly MessageInitShape<typeof MetricSchema>[];
  readonly rollups?: readonly MessageInitShape<typeof RollupSchema>[];
};

/** Makes a project and all that it measures; gives a key that may send and ask. */
export async function createProject(millrace: Installation, wanted: NewProject): Promise<string> {
  const { projectId } = wanted.project;
  await millrace.client(ProjectService).createProject({ project: wanted.project });
  for (const metric of wanted.metrics ?? []) {
    await millrace.client(MetricService).createMetric({ metric: { ...metric, projectId } });
  }
  for (const rollup of wanted.rollups ?? []) {
    await millrace.client(RollupService).createRollup({ rollup: { ...rollup, projectId } });
  }
  return createKey(millrace, projectId, [Scope.INGEST, Scope.REPORT]);
}

/** Makes a key of a project; gives its text. */
export async function createKey(millrace: Installation, projectId: string, scopes: Scope[]): Promise<string> {
  const apiKey = { projectId, displayName: "test", scopes };
  return (await millrace.client(ApiKeyService).createApiKey({ apiKey })).text;
}
