import { type Project, Template } from "@millrace/api/millrace/config/v1/project_pb";
import { shellWord } from "../copy/shell.ts";

type Sample = {
  readonly name: string;
  readonly user: string;
  readonly properties: Readonly<Record<string, string | number>>;
};

/** The line that sends the first event with the command line. */
export function firstCommand(project: Pick<Project, "projectId" | "template">): string {
  const { name, user, properties } = sampleFor(project.template);
  const parts = [
    `npx millrace send ${shellWord(name)} --user ${user} --project ${project.projectId}`,
    ...Object.entries(properties).map(([key, value]) => `--prop ${shellWord(`${key}=${value}`)}`),
  ];
  return parts.length > 2 ? parts.join(" \\\n  ") : parts.join(" ");
}

/** The line that sends the first event with curl. */
export function firstCurl(project: Pick<Project, "template">, origin: string, key: string): string {
  const { name, user, properties } = sampleFor(project.template);
  return [
    `curl ${origin}/v1/events`,
    `  -H 'x-api-key: ${key}'`,
    `  -H 'content-type: application/json'`,
    `  -d ${shellWord(JSON.stringify({ name, user_id: user, properties }))}`,
  ].join(" \\\n");
}

/** The line for the head of a web page. */
export function scriptTag(origin: string, key: string): string {
  return `<script defer src="${origin}/millrace.js" data-key="${key}"></script>`;
}

function sampleFor(template: Template): Sample {
  switch (template) {
    case Template.SHOP:
      return {
        name: "order",
        user: "ada",
        properties: { order_id: "1001", product: "Lamp", quantity: 1, revenue: 49.9, country: "DE" },
      };
    case Template.SERVICE:
      return {
        name: "request",
        user: "ada",
        properties: { service: "api", route: "/orders", status: 200, duration_ms: 12.5 },
      };
    default:
      return { name: "page_view", user: "ada", properties: { url: "https://example.org/" } };
  }
}
