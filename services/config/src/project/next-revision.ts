import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { layoutFamilies } from "@millrace/rollup";
import type { ProjectState } from "../store/project-records.ts";

/** What a revision takes from around it. */
export type RevisionOptions = {
  readonly nowMs: number;
  /** Never lowers that of the revision before: an older config beside newer ones must not. */
  readonly processingVersion: number;
};

/** The state after this one, whose definitions are the next revision: a copy that `change` has changed. */
export function revise(
  before: ProjectState,
  options: RevisionOptions,
  change: (next: Definitions) => void,
): ProjectState {
  const project = clone(ProjectSchema, before.project);
  project.updateTime = timestampFromMs(options.nowMs);
  const definitions = nextRevision(before.definitions, options, change);
  return { project, definitions, servedGeneration: before.servedGeneration };
}

/** The revision after this one: a copy that `change` has changed, laid out anew. */
export function nextRevision(
  definitions: Definitions,
  options: RevisionOptions,
  change: (next: Definitions) => void,
): Definitions {
  const next = clone(DefinitionsSchema, definitions);
  change(next);
  next.revision = definitions.revision + 1n;
  next.createTime = timestampFromMs(options.nowMs);
  next.processingVersion = Math.max(definitions.processingVersion, options.processingVersion);
  next.families = layoutFamilies(definitions.families, next.rollups, next.metrics);
  return next;
}
