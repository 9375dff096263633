import { clone, create, equals } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { type Definitions, LateWindowSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Project, ProjectSchema, RetentionSchema } from "@millrace/api/millrace/config/v1/project_pb";
import type { UpdateProjectRequest } from "@millrace/api/millrace/config/v1/project_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { hintAt } from "../nearest.ts";
import type { ProjectState, StoredProject } from "../store/project-records.ts";
import { settingsOf } from "./new-project.ts";
import { nextRevision, type RevisionOptions } from "./next-revision.ts";
import { etagOf, presentProject } from "./present-project.ts";

const CHANGEABLE = ["display_name", "late_window", "spread", "retention"] as const;
type Changeable = (typeof CHANGEABLE)[number];

/** Every late window that was ever in force is kept, so there is an end to changing it. */
const LATE_WINDOWS_MAX = 1_000;

/** Makes the handler of ProjectService.UpdateProject. */
export function createUpdateProject({ projects, clock, processingVersion }: Dependencies) {
  return async function updateProject(request: UpdateProjectRequest, context: HandlerContext) {
    const wanted = request.project!;
    const projectId = projectOf(getPrincipal(context), wanted.projectId);
    const fields = readMask(request.updateMask!.paths);
    const stored = await projects.change(projectId, (before) => {
      checkEtag(before, wanted.etag);
      return changed(before, wanted, fields, { nowMs: clock(), processingVersion });
    });
    return { project: presentProject(stored) };
  };
}

function changed(
  before: StoredProject,
  wanted: Project,
  fields: ReadonlySet<Changeable>,
  options: RevisionOptions,
): ProjectState {
  const project = clone(ProjectSchema, before.project);
  const { lateWindow, spread, retention } = settingsOf(wanted);
  const changes: ((next: Definitions) => void)[] = [];
  if (fields.has("display_name")) project.displayName = wanted.displayName || project.projectId;
  if (fields.has("late_window") && !equals(DurationSchema, lateWindow, settingsOf(project).lateWindow)) {
    project.lateWindow = lateWindow;
    changes.push((next) => addLateWindow(next, lateWindow, options.nowMs));
  }
  if (fields.has("spread") && spread !== project.spread) {
    if (spread < project.spread) {
      const description = `is ${spread}, but the present spread is ${project.spread}, and it never shrinks`;
      throw Failure.invalidField("project.spread", description);
    }
    project.spread = spread;
    changes.push((next) => {
      next.spread = spread;
    });
  }
  if (fields.has("retention") && !equals(RetentionSchema, retention, settingsOf(project).retention)) {
    project.retention = retention;
    changes.push((next) => {
      next.retention = retention;
    });
  }
  project.updateTime = timestampFromMs(options.nowMs);
  const definitions =
    changes.length === 0
      ? before.definitions
      : nextRevision(before.definitions, options, (next) => {
          for (const change of changes) change(next);
        });
  return { project, definitions, servedGeneration: before.servedGeneration };
}

/** The new window starts now by the events' own time: it never opens again what was late before. */
function addLateWindow(next: Definitions, window: Duration, nowMs: number): void {
  if (next.lateWindows.length >= LATE_WINDOWS_MAX) {
    const message = `the late window was changed ${LATE_WINDOWS_MAX} times, which is the limit`;
    throw new Failure("precondition", "LIMIT_REACHED", message);
  }
  const last = next.lateWindows.at(-1)?.startTime;
  const startMs = Math.max(nowMs, last === undefined ? 0 : timestampMs(last));
  next.lateWindows.push(create(LateWindowSchema, { startTime: timestampFromMs(startMs), window }));
}

function readMask(paths: readonly string[]): ReadonlySet<Changeable> {
  if (paths.length === 0) {
    throw Failure.invalidField("update_mask", `names no field; those that can be changed are ${CHANGEABLE.join(", ")}`);
  }
  const fields = new Set<Changeable>();
  for (const path of paths) {
    const field = CHANGEABLE.find((name) => name === path);
    if (field !== undefined) fields.add(field);
    else if (ProjectSchema.fields.some((known) => known.name === path)) {
      const description = `${path} is fixed; those that can be changed are ${CHANGEABLE.join(", ")}`;
      throw Failure.invalidField("update_mask", description);
    } else {
      const shown = path.slice(0, 64);
      throw Failure.invalidField(
        "update_mask",
        `a project has no field ${JSON.stringify(shown)}; ${hintAt(shown, CHANGEABLE)}`,
      );
    }
  }
  return fields;
}

function checkEtag(before: StoredProject, etag: string): void {
  if (etag === "" || etag === etagOf(before)) return;
  const message = `the project was changed since etag ${JSON.stringify(etag)} was read; its etag is now "${etagOf(before)}"`;
  throw new Failure("stale", "ETAG_MISMATCH", message);
}
