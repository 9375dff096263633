import { clone, create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema, LateWindowSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import {
  type Project,
  ProjectSchema,
  type Retention,
  RetentionSchema,
} from "@millrace/api/millrace/config/v1/project_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { Failure } from "@millrace/failure";
import {
  canonicalTimeZone,
  DEFAULT_RETENTION_MINUTES,
  isTimeZone,
  layoutFamilies,
  offsetsUsed,
  templateMetrics,
  templateRollups,
} from "@millrace/rollup";
import type { ProjectState } from "../store/project-records.ts";

const YEAR_MS = 365 * 86_400_000;
const LATE_WINDOW_SECONDS = 48 * 3_600;

/**
 * The first state of a project: defaults filled in, revision 1 with the template's metrics and rollups.
 *
 * @throws Failure `invalid` (TIME_ZONE_UNKNOWN)
 */
export function newProject(
  requested: Project,
  options: { readonly nowMs: number; readonly processingVersion: number },
): ProjectState {
  const now = timestampFromMs(options.nowMs);
  const project = create(ProjectSchema, {
    projectId: requested.projectId,
    displayName: requested.displayName || requested.projectId,
    timeZone: checkTimeZone(requested.timeZone || "UTC"),
    template: requested.template,
    lateWindow: requested.lateWindow ?? seconds(LATE_WINDOW_SECONDS),
    spread: requested.spread || 1,
    retention: filledRetention(requested.retention),
    createTime: now,
    updateTime: now,
  });
  const definitions = firstRevision(project, now, options);
  return { project, definitions, servedGeneration: 0 };
}

/** A retention with the defaults in the place of what it does not say. */
export function filledRetention(retention: Retention | undefined): Retention {
  return create(RetentionSchema, {
    minute: retention?.minute ?? seconds(DEFAULT_RETENTION_MINUTES["1m"] * 60),
    quarterHour: retention?.quarterHour ?? seconds(DEFAULT_RETENTION_MINUTES["15m"] * 60),
  });
}

function firstRevision(
  project: Project,
  now: Timestamp,
  options: { readonly nowMs: number; readonly processingVersion: number },
): Definitions {
  const { projectId, timeZone, template } = project;
  const definitions = create(DefinitionsSchema, {
    projectId,
    revision: 1n,
    timeZone,
    // The zone's rules of the years around now; what is older or later is answered from finer cells where it differs.
    dayOffsetsMinutes: [...offsetsUsed(timeZone, options.nowMs - YEAR_MS, options.nowMs + 5 * YEAR_MS)],
    lateWindows: [create(LateWindowSchema, project.lateWindow === undefined ? {} : { window: project.lateWindow })],
    spread: project.spread,
    processingVersion: options.processingVersion,
    metrics: templateMetrics(template).map((metric) =>
      Object.assign(clone(MetricSchema, metric), { projectId, createTime: now }),
    ),
    rollups: templateRollups(template).map((rollup) =>
      Object.assign(clone(RollupSchema, rollup), { projectId, createTime: now }),
    ),
    createTime: now,
  });
  if (project.retention !== undefined) definitions.retention = project.retention;
  definitions.families = layoutFamilies([], definitions.rollups, definitions.metrics);
  return definitions;
}

function checkTimeZone(name: string): string {
  if (isTimeZone(name)) return canonicalTimeZone(name);
  const description = `${JSON.stringify(name)} is not an IANA time zone such as "Europe/Berlin"`;
  throw Failure.invalidField("project.time_zone", description, "TIME_ZONE_UNKNOWN");
}

function seconds(count: number): Duration {
  return create(DurationSchema, { seconds: BigInt(count) });
}
