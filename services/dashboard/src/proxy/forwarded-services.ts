import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";

/** The services behind the dashboard. */
export const OWNERS = ["ingest", "config", "reporting", "processing"] as const;

/** One of the services behind the dashboard. */
export type Owner = (typeof OWNERS)[number];

/** Paths of ingest that are no RPCs. */
const INGEST_PATHS: ReadonlySet<string> = new Set(["/v1/events", "/v1/beacon", "/millrace.js"]);

/** What is measured by its own name, and reflected. Methods that are not in here are forwarded all the same. */
export const FORWARDED_SERVICES: readonly DescService[] = [
  ApiKeyService,
  DeadLetterService,
  IngestService,
  MetricService,
  ProjectService,
  ReportingService,
  RollupService,
  StatusService,
];

const METHODS: ReadonlyMap<string, DescMethod> = new Map(
  FORWARDED_SERVICES.flatMap((service) =>
    service.methods.map((method) => [`/${service.typeName}/${method.name}`, method] as const),
  ),
);

/** The method of a path, where it is known here. */
export function methodOf(path: string): DescMethod | undefined {
  return METHODS.get(path);
}

/** Which service answers a path: by the package of its RPCs, or because it is a path of ingest. */
export function ownerOfPath(path: string): Owner | undefined {
  return INGEST_PATHS.has(path) ? "ingest" : ownerOfService(path.slice(1));
}

/** Which service answers what is in the package of a name such as `millrace.config.v1.ProjectService`. */
export function ownerOfService(name: string): Owner | undefined {
  const [, area] = /^millrace\.([a-z]+)\.v\d/.exec(name) ?? [];
  return OWNERS.find((owner) => owner === area);
}

/** What a path is measured as: never a name that a caller made up. */
export function measuredName(path: string, owner: Owner): string {
  return METHODS.has(path) || INGEST_PATHS.has(path) ? path.slice(1) : `millrace.${owner} (other)`;
}

/** Paths that web pages of any origin may call, as ingest has them. */
export const OPEN_PATHS: readonly string[] = [`/${IngestService.typeName}/Send`, ...INGEST_PATHS];
