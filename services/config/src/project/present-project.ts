import { clone } from "@bufbuild/protobuf";
import { type Project, ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import type { StoredProject } from "../store/project-records.ts";

/** A project as callers see it. */
export function presentProject(stored: StoredProject): Project {
  const project = clone(ProjectSchema, stored.project);
  project.revision = stored.definitions.revision;
  project.etag = etagOf(stored);
  return project;
}

/** What identifies a state of a project. */
export function etagOf(stored: StoredProject): string {
  return String(stored.version);
}
