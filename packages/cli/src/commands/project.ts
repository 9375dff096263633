import { toJson } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { type Command, Option } from "commander";
import { parseDuration } from "../duration.ts";
import { formatOf } from "../output/format.ts";
import { print } from "../output/print.ts";
import { printThing, printThings } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { commandName } from "../terminal/invocation.ts";
import { everyItem } from "./listing.ts";
import { connectionOf, whole } from "./options.ts";
import { projectValues, showProject, TEMPLATES, templateName } from "./project-text.ts";
import { addUpdateCommand } from "./project-update.ts";

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
};

const NOTES = `
Examples:
  millrace project create shop --template shop --time-zone Europe/Berlin
  millrace project list
  millrace project update shop --name "The shop" --late-window 3d
  millrace project update shop --retention-1m 30d --retention-15m 800d`;

/** `millrace project`. */
export function addProjectCommand(program: Command): void {
  const project = program.command("project").description("Projects: products or sites that are measured.");
  project.addHelpText("after", NOTES);
  project
    .command("list")
    .description("List the projects.")
    .option("--json", "short for --output json")
    .action(async (_: unknown, command: Command) => listProjects(command));
  project
    .command("get")
    .argument("<id>", "the project")
    .description("Show a project.")
    .option("--json", "short for --output json")
    .action(async (id: string, _: unknown, command: Command) => {
      const response = await connectionOf(command).client(ProjectService, "ask").getProject({ projectId: id });
      showProject(response.project!, command);
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
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (id: string, options: CreateOptions, command: Command) => create(id, options, command));
  addUpdateCommand(project);
}

async function listProjects(command: Command): Promise<void> {
  const client = connectionOf(command).client(ProjectService, "ask");
  const projects = await everyItem(async (pageToken) => {
    const page = await client.listProjects({ pageSize: 1_000, pageToken });
    return { items: page.projects, next: page.nextPageToken };
  });
  const rows = projects.map((each) => [
    each.projectId,
    each.displayName,
    templateName(each),
    each.timeZone,
    utcText(each.createTime),
  ]);
  const columns = ["project", "name", "template", "time zone", "created"].map((title) => ({ title }));
  printThings(formatOf(command), {
    columns,
    rows,
    none: "There are no projects: millrace project create ID",
    documents: projects.map((each) => toJson(ProjectSchema, each)),
  });
}

async function create(projectId: string, options: CreateOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
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
  const project = created.project!;
  const format = formatOf(command);
  if (format !== "table") {
    const document = { project: toJson(ProjectSchema, project), key };
    return printThing(format, { values: [...projectValues(project), ["key", key]], document });
  }
  showProject(project, command);
  print(`\nIts key, which may send events and ask; it is not shown again:\n  ${key}`);
  if (connection.canKeep) print(`It is kept in ${connection.credentialsPath}.`);
  print(`\n  ${commandName()} send ${FIRST_EVENTS[options.template]} --project ${projectId}`);
}
