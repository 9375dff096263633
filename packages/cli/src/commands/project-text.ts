import { toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { type Project, ProjectSchema, Template } from "@millrace/api/millrace/config/v1/project_pb";
import type { Command } from "commander";
import { formatOf } from "../output/format.ts";
import { printThing } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";

/** The templates by the names that `--template` takes. */
export const TEMPLATES = {
  web: Template.WEB,
  service: Template.SERVICE,
  shop: Template.SHOP,
  none: Template.UNSPECIFIED,
} as const;

/** Prints a project in the format asked for. */
export function showProject(project: Project, command: Command): void {
  printThing(formatOf(command), { values: projectValues(project), document: toJson(ProjectSchema, project) });
}

/** What a project is, line by line. */
export function projectValues(project: Project): readonly (readonly [label: string, value: string])[] {
  const { minute, quarterHour } = project.retention ?? {};
  return [
    ["project", project.projectId],
    ["name", project.displayName],
    ["template", templateName(project)],
    ["time zone", project.timeZone],
    ["late window", spanText(project.lateWindow, "48h")],
    ["retention 1m", spanText(minute, "7d")],
    ["retention 15m", spanText(quarterHour, "396d")],
    ["spread", String(project.spread)],
    ["revision", String(project.revision)],
    ["created", utcText(project.createTime)],
  ];
}

/** The name of a project's template. */
export function templateName({ template }: Project): string {
  return Object.entries(TEMPLATES).find(([, each]) => each === template)?.[0] ?? String(template);
}

/** A stretch of time as the options take it, in the greatest unit that gives a whole number; 48h rather than 2d. */
function spanText(span: Duration | undefined, usual: string): string {
  const seconds = span === undefined ? 0 : durationMs(span) / 1_000;
  if (seconds === 0) return usual;
  if (seconds % 86_400 === 0 && seconds > 172_800) return `${seconds / 86_400}d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
