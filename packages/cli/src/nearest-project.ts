import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import type { Connection } from "./connection.ts";
import { reasonOf } from "./explain-error.ts";
import { nearest } from "./nearest.ts";

const WAIT_MS = 2_000;
const PROJECTS_MAX = 1_000;
const NAMED_MAX = 5;

/**
 * What to say when a command failed because its project is not there, or no key of it is known: the one that was probably
 * meant, or which there are. Undefined where that is not what is wrong, or nothing is known.
 */
export async function projectHint(error: unknown, connection: () => Connection): Promise<string | undefined> {
  const reason = reasonOf(error);
  if (reason !== "PROJECT_NOT_FOUND" && reason !== "CREDENTIAL_MISSING") return undefined;
  try {
    const known = connection();
    const asked = known.namedProject || (/project "([^"]+)"/.exec(String(error))?.[1] ?? "");
    if (asked === "") return undefined;
    return hintOf(asked, reason === "CREDENTIAL_MISSING" ? known.knownProjects : await everyProject(known));
  } catch {
    // What went wrong first is what counts.
    return undefined;
  }
}

/** Exported for its test. */
export function hintOf(asked: string, projects: readonly string[]): string | undefined {
  if (projects.includes(asked)) return undefined;
  const meant = nearest(asked, projects);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  if (projects.length === 0) return undefined;
  const more = projects.length > NAMED_MAX ? ", ..." : "";
  return `projects are ${projects.slice(0, NAMED_MAX).join(", ")}${more}`;
}

async function everyProject(connection: Connection): Promise<readonly string[]> {
  const client = connection.client(ProjectService, "ask");
  const { projects } = await client.listProjects({ pageSize: PROJECTS_MAX }, { timeoutMs: WAIT_MS });
  return projects.map(({ projectId }) => projectId);
}
