import { toJson } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { type Project, ProjectSchema, Template } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { type Command, Option } from "commander";
import type { Connection } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import { printTable } from "../output/table.ts";
import { utcText } from "../output/time-text.ts";
import { describe, everyItem } from "./listing.ts";
import { connectionOf, print, printJson, whole } from "./options.ts";

const TEMPLATES = {
  web: Template.WEB,
  service: Template.SERVICE,
  shop: Template.SHOP,
  none: Template.UNSPECIFIED,
} as const;

/** The event that a template begins with. */
const FIRST_EVENTS: Readonly<Record<keyof typeof TEMPLATES, string>> = {
  web: "page_view",
  service: "request",
  shop: "order",
  none: "signup",
};

type CreateOptions = {
  readonly template: keyof typeof TEMPLATES;
  readonly timeZone?: string;
  readonly name?: string;
  readonly lateWindow?: string;
  readonly spread?: number;
  readonly json?: boolean;
};

const NOTES = `
Examples:
  millrace project create shop --template shop --time-zone Europe/Berlin
  millrace project list`;

/** `millrace project`. */
export function addProjectCommand(program: Command): void {
  const project = program.command("project").description("Projects: products or sites that are measured.");
  project.addHelpText("after", NOTES);
  project
    .command("list")
    .description("List the projects.")
    .option("--json", "print JSON")
    .action(async (options: { json?: boolean }, command: Command) => listProjects(connectionOf(command), options));
  project
    .command("get")
    .argument("<id>", "the project")
    .description("Show a project.")
    .option("--json", "print JSON")
    .action(async (id: string, options: { json?: boolean }, command: Command) => {
      const response = await connectionOf(command).client(ProjectService, "ask").getProject({ projectId: id });
      show(response.project!, options);
    });
  project
    .command("create")
    .argument("<id>", "1 to 63 of a-z, 0-9 and -, starting with a letter")
    .description(
      "Create a project, and a key that may send its events and ask; the key is kept in the credentials file.",
    )
    .addOption(
      new Option("--template <name>", "metrics and rollups to begin with")
        .choices(Object.keys(TEMPLATES))
        .default("none"),
    )
    .option("--time-zone <zone>", "of its days; fixed for ever (default: UTC)")
    .option("--name <text>", "what people call it")
    .option("--late-window <duration>", "how late events may come and count: 1m to 7d (default: 48h)")
    .option("--spread <n>", "over how many partitions of the log (default: 1)", whole)
    .option("--json", "print JSON")
    .addHelpText("after", NOTES)
    .action(async (id: string, options: CreateOptions, command: Command) => create(connectionOf(command), id, options));
}

async function listProjects(connection: Connection, options: { json?: boolean }): Promise<void> {
  const client = connection.client(ProjectService, "ask");
  const projects = await everyItem(async (pageToken) => {
    const page = await client.listProjects({ pageSize: 1_000, pageToken });
    return { items: page.projects, next: page.nextPageToken };
  });
  if (options.json === true) return printJson(projects.map((each) => toJson(ProjectSchema, each)));
  const rows = projects.map((each) => [
    each.projectId,
    each.displayName,
    templateName(each),
    each.timeZone,
    utcText(each.createTime),
  ]);
  const columns = ["project", "name", "template", "time zone", "created"].map((title) => ({ title }));
  printTable(columns, rows, "There are no projects: millrace project create ID");
}

async function create(connection: Connection, projectId: string, options: CreateOptions): Promise<void> {
  const created = await connection.client(ProjectService, "manage").createProject({
    project: {
      projectId,
      displayName: options.name ?? "",
      timeZone: options.timeZone ?? "",
      template: TEMPLATES[options.template],
      spread: options.spread ?? 0,
      ...(options.lateWindow !== undefined && { lateWindow: durationFromMs(parseDuration(options.lateWindow)) }),
    },
  });
  const { text: key } = await connection.client(ApiKeyService, "manage").createApiKey({
    apiKey: { projectId, displayName: "Made with the project", scopes: [Scope.INGEST, Scope.REPORT] },
  });
  if (connection.canKeep) connection.keep(projectId, { key });
  if (options.json === true) return printJson({ project: toJson(ProjectSchema, created.project!), key });
  show(created.project!, {});
  print(`\nIts key, which may send events and ask; it is not shown again:\n  ${key}`);
  if (connection.canKeep) print(`It is kept in ${connection.credentialsPath}.`);
  print(`\n  npx millrace send ${FIRST_EVENTS[options.template]} --project ${projectId}`);
}

function show(project: Project, options: { readonly json?: boolean }): void {
  if (options.json === true) printJson(toJson(ProjectSchema, project));
  else describeProject(project);
}

function describeProject(project: Project): void {
  describe([
    ["project", project.projectId],
    ["name", project.displayName],
    ["template", templateName(project)],
    ["time zone", project.timeZone],
    ["late window", project.lateWindow === undefined ? "48 h" : `${durationMs(project.lateWindow) / 3_600_000} h`],
    ["spread", String(project.spread)],
    ["revision", String(project.revision)],
    ["created", utcText(project.createTime)],
  ]);
}

function templateName({ template }: Project): string {
  return Object.entries(TEMPLATES).find(([, each]) => each === template)?.[0] ?? String(template);
}
