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
import { nearestName } from "@millrace/runtime";
import type { ProjectState } from "../store/project-records.ts";
import type { RevisionOptions } from "./next-revision.ts";

const YEAR_MS = 365 * 86_400_000;
/** The generation that a project's blocks begin with: the one that processing writes. */
const FIRST_GENERATION = 1;
const LATE_WINDOW_SECONDS = 48 * 3_600;

/**
 * The first state of a project: defaults filled in, revision 1 with the template's metrics and rollups.
 *
 * @throws Failure `invalid` (TIME_ZONE_UNKNOWN)
 */
export function newProject(requested: Project, options: RevisionOptions): ProjectState {
  const now = timestampFromMs(options.nowMs);
  const settings = settingsOf(requested);
  const project = create(ProjectSchema, {
    projectId: requested.projectId,
    displayName: requested.displayName || requested.projectId,
    timeZone: checkTimeZone(requested.timeZone || "UTC"),
    template: requested.template,
    ...settings,
    createTime: now,
    updateTime: now,
  });
  const definitions = firstRevision(project, settings, now, options);
  return { project, definitions, servedGeneration: FIRST_GENERATION };
}

/** What decides how a project is counted and can be changed later. */
type Settings = { readonly lateWindow: Duration; readonly spread: number; readonly retention: Retention };

/** The settings that a project asks for, with the defaults in the place of what it does not say. */
export function settingsOf({ lateWindow, spread, retention }: Project): Settings {
  return {
    lateWindow: lateWindow ?? seconds(LATE_WINDOW_SECONDS),
    spread: spread || 1,
    retention: create(RetentionSchema, {
      minute: retention?.minute ?? seconds(DEFAULT_RETENTION_MINUTES["1m"] * 60),
      quarterHour: retention?.quarterHour ?? seconds(DEFAULT_RETENTION_MINUTES["15m"] * 60),
    }),
  };
}

function firstRevision(
  project: Project,
  { lateWindow, spread, retention }: Settings,
  now: Timestamp,
  options: RevisionOptions,
): Definitions {
  const { projectId, timeZone, template } = project;
  const definitions = create(DefinitionsSchema, {
    projectId,
    revision: 1n,
    timeZone,
    // The zone's rules of the years around now; what is older or later is answered from finer cells where it differs.
    dayOffsetsMinutes: [...offsetsUsed(timeZone, options.nowMs - YEAR_MS, options.nowMs + 5 * YEAR_MS)],
    lateWindows: [create(LateWindowSchema, { window: lateWindow })],
    spread,
    retention,
    processingVersion: options.processingVersion,
    metrics: templateMetrics(template).map((metric) =>
      Object.assign(clone(MetricSchema, metric), { projectId, createTime: now }),
    ),
    rollups: templateRollups(template).map((rollup) =>
      Object.assign(clone(RollupSchema, rollup), { projectId, createTime: now }),
    ),
    createTime: now,
  });
  definitions.families = layoutFamilies([], definitions.rollups, definitions.metrics);
  return definitions;
}

function checkTimeZone(name: string): string {
  if (isTimeZone(name)) return canonicalTimeZone(name);
  const nearest = nearestName(name, Intl.supportedValuesOf("timeZone"));
  const hint = nearest === undefined ? 'such as "Europe/Berlin"' : `; did you mean ${JSON.stringify(nearest)}?`;
  const description = `${JSON.stringify(name)} is not an IANA time zone${nearest === undefined ? " " : ""}${hint}`;
  throw Failure.invalidField("project.time_zone", description, "TIME_ZONE_UNKNOWN");
}

function seconds(count: number): Duration {
  return create(DurationSchema, { seconds: BigInt(count) });
}
