import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { connectionOf, whole } from "./options.ts";
import { showProject } from "./project-text.ts";

const NOTES = `
Examples:
  millrace project update shop --name "The shop" --late-window 3d
  millrace project update shop --retention-1m 30d --retention-15m 800d
  millrace project update shop --spread 8
Retention is how long values by the minute (1h to 90d, by default 7d) and by the quarter of an hour (1d to 3660d, by
default 396d) can be asked for; those by the hour and by the day are kept for ever. The spread never shrinks. Time zone
and template are fixed.`;

type UpdateOptions = {
  readonly name?: string;
  readonly lateWindow?: string;
  readonly spread?: number;
  readonly retention1m?: string;
  readonly retention15m?: string;
};

/** `millrace project update`. */
export function addUpdateCommand(project: Command): void {
  project
    .command("update")
    .argument("<id>", "the project")
    .description("Change a project: only what is given.")
    .option("--name <text>", "what people call it")
    .option("--late-window <duration>", "how late events may come and count: 1m to 7d")
    .option("--spread <n>", "over how many partitions of the log", whole)
    .option("--retention-1m <duration>", "how long values by the minute are kept")
    .option("--retention-15m <duration>", "how long values by the quarter of an hour are kept")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (id: string, options: UpdateOptions, command: Command) => update(id, options, command));
}

async function update(projectId: string, options: UpdateOptions, command: Command): Promise<void> {
  const client = connectionOf(command).client(ProjectService, "manage");
  const { name, lateWindow, spread, retention1m, retention15m } = options;
  const project: MessageInitShape<typeof ProjectSchema> & { projectId: string } = { projectId };
  const paths: string[] = [];
  if (name !== undefined) {
    project.displayName = name;
    paths.push("display_name");
  }
  if (lateWindow !== undefined) {
    project.lateWindow = durationFromMs(parseDuration(lateWindow));
    paths.push("late_window");
  }
  if (spread !== undefined) {
    project.spread = spread;
    paths.push("spread");
  }
  if (retention1m !== undefined || retention15m !== undefined) {
    // Retention is changed as a whole: what was not given stays as it is, unless somebody changes it meanwhile.
    const { project: before } = await client.getProject({ projectId });
    project.etag = before?.etag ?? "";
    project.retention = {
      ...before?.retention,
      ...(retention1m !== undefined && { minute: durationFromMs(parseDuration(retention1m)) }),
      ...(retention15m !== undefined && { quarterHour: durationFromMs(parseDuration(retention15m)) }),
    };
    paths.push("retention");
  }
  if (paths.length === 0) {
    throw new Failure(
      "invalid",
      "FIELD_INVALID",
      "give what is to change: --name, --late-window, --spread, --retention-1m, --retention-15m",
    );
  }
  const response = await client.updateProject({ project, updateMask: { paths } });
  showProject(response.project!, command);
}
