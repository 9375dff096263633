import type { ConnectRouter } from "@connectrpc/connect";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { createCreateApiKey } from "./api-key/create-api-key.ts";
import { createGetApiKey } from "./api-key/get-api-key.ts";
import { createListApiKeys } from "./api-key/list-api-keys.ts";
import { createRevokeApiKey } from "./api-key/revoke-api-key.ts";
import type { Dependencies } from "./dependencies.ts";
import { createCreateMetric } from "./metric/create-metric.ts";
import { createGetMetric } from "./metric/get-metric.ts";
import { createListMetrics } from "./metric/list-metrics.ts";
import { createCreateProject } from "./project/create-project.ts";
import { createGetProject } from "./project/get-project.ts";
import { createListProjects } from "./project/list-projects.ts";
import { createUpdateProject } from "./project/update-project.ts";
import { createCreateRollup } from "./rollup/create-rollup.ts";
import { createGetRollup } from "./rollup/get-rollup.ts";
import { createListRollups } from "./rollup/list-rollups.ts";
import { createGetCredential } from "./snapshot/get-credential.ts";
import { createGetDefinitions } from "./snapshot/get-definitions.ts";
import { createGetVisitorSalts } from "./snapshot/get-visitor-salts.ts";
import { createWatchChanges } from "./snapshot/watch-changes.ts";

/** Adds config's RPCs to a router. */
export function addRoutes(router: ConnectRouter, dependencies: Dependencies): void {
  router.service(ProjectService, {
    createProject: createCreateProject(dependencies),
    getProject: createGetProject(dependencies),
    listProjects: createListProjects(dependencies),
    updateProject: createUpdateProject(dependencies),
  });
  router.service(ApiKeyService, {
    createApiKey: createCreateApiKey(dependencies),
    getApiKey: createGetApiKey(dependencies),
    listApiKeys: createListApiKeys(dependencies),
    revokeApiKey: createRevokeApiKey(dependencies),
  });
  router.service(MetricService, {
    createMetric: createCreateMetric(dependencies),
    getMetric: createGetMetric(dependencies),
    listMetrics: createListMetrics(dependencies),
  });
  router.service(RollupService, {
    createRollup: createCreateRollup(dependencies),
    getRollup: createGetRollup(dependencies),
    listRollups: createListRollups(dependencies),
  });
  router.service(SnapshotService, {
    getDefinitions: createGetDefinitions(dependencies),
    getCredential: createGetCredential(dependencies),
    getVisitorSalts: createGetVisitorSalts(dependencies),
    watchChanges: createWatchChanges(dependencies),
  });
}
