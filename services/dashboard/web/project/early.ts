import { rememberedProject } from "./remembered-project.ts";

/** How many projects are listed. */
export const PROJECTS_MAX = 1_000;

/** Answers as JSON; undefined where none came. */
export type EarlyAnswers = {
  readonly projects: Promise<unknown>;
  readonly catalog: Promise<{ readonly projectId: string; readonly answer: unknown } | undefined>;
};

let asked: EarlyAnswers | undefined;
let isTaken = false;

/**
 * Asks for what every view needs while the scripts that can read it are still being loaded. Only for who is signed in. Does
 * nothing once {@link takeEarly} was called.
 */
export function askEarly(): void {
  if (isTaken) return;
  const projects = ask("millrace.config.v1.ProjectService/ListProjects", { pageSize: PROJECTS_MAX });
  asked = { projects, catalog: askCatalog(projects) };
}

/** What was asked early, if anything was. From now on the page asks by itself. */
export function takeEarly(): EarlyAnswers | undefined {
  isTaken = true;
  return asked;
}

/** The project that the address names, or that was looked at last. */
export function wantedProject(): string | undefined {
  return new URLSearchParams(location.search).get("project") || rememberedProject();
}

async function askCatalog(projects: Promise<unknown>): EarlyAnswers["catalog"] {
  const projectId = wantedProject() ?? onlyProject(await projects);
  if (projectId === undefined) return undefined;
  return { projectId, answer: await ask("millrace.reporting.v1.ReportingService/GetCatalog", { projectId }) };
}

function onlyProject(answer: unknown): string | undefined {
  const { projects = [] } = (answer ?? {}) as { readonly projects?: readonly { readonly projectId?: string }[] };
  return projects.length === 1 ? projects[0]!.projectId : undefined;
}

async function ask(method: string, request: object): Promise<unknown> {
  try {
    const response = await fetch(`/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-protocol-version": "1" },
      body: JSON.stringify(request),
    });
    return response.ok ? await response.json() : undefined;
  } catch {
    // The page asks again, and says what is wrong.
    return undefined;
  }
}
