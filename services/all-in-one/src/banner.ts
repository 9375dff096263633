import type { Credentials } from "@millrace/credential";

/** What a person reads once everything is up: where it is, and one line that works. */
export function banner(credentials: Credentials, demoProject: string, adminUrl: string, path: string): string {
  const { url } = credentials;
  const key = credentials.projectKeys[demoProject];
  const lines = ["", `  Millrace is ready at ${url}`, `  Health and metrics   ${adminUrl}/readyz  ${adminUrl}/metrics`];
  lines.push(`  Credentials          ${path}`);
  if (key !== undefined) {
    lines.push(`  Project ${demoProject.padEnd(13)}${key}`, "", "  Send an event, then ask for it:", "");
    lines.push(`  curl ${url}/v1/events -H 'x-api-key: ${key}' -H 'content-type: application/json' \\`);
    lines.push(`    -d '{"name":"page_view","user_id":"me","properties":{"url":"https://example.org/"}}'`);
    lines.push(`  npx millrace query page_views --by page --last 1h`);
  }
  return `${lines.join("\n")}\n\n`;
}
