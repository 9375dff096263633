import type { Credentials } from "@millrace/credential";

/** What the banner tells. */
export type BannerFacts = {
  readonly credentials: Credentials;
  /** "" for none. */
  readonly demoProject: string;
  readonly adminUrl: string;
  /** The credentials file. */
  readonly path: string;
  /** Behind the address it opens the page, once; undefined when there can be no such link now. */
  readonly loginPath: string | undefined;
  /** Where the server listens. */
  readonly host: string;
  /** Makes a text stand out, where that can be. */
  readonly emphasize?: (text: string) => string;
};

/** What a person reads once everything is up: the page's address, where the rest is, and one line that works. */
export function banner(facts: BannerFacts): string {
  const { credentials, demoProject, adminUrl, path, loginPath, host, emphasize = (text) => text } = facts;
  const { url } = credentials;
  const key = credentials.projectKeys[demoProject];
  const lines = [""];
  if (loginPath !== undefined) {
    lines.push(
      `  Open   ${emphasize(url + loginPath)}`,
      "         (good once, for 15 minutes; another: npx millrace open)",
      "",
    );
  }
  lines.push(`  Millrace is ready at ${url}`, `  Health and metrics   ${adminUrl}/readyz  ${adminUrl}/metrics`);
  lines.push(`  Credentials          ${path}`);
  if (key !== undefined) lines.push(`  Project ${demoProject.padEnd(13)}${key}`);
  if (!isLoopback(host)) lines.push("", ...warningOf(host));
  if (key !== undefined) {
    lines.push("", "  Send an event, then ask for it:", "");
    lines.push(`  curl ${url}/v1/events -H 'x-api-key: ${key}' -H 'content-type: application/json' \\`);
    lines.push(`    -d '{"name":"page_view","user_id":"me","properties":{"url":"https://example.org/"}}'`);
    lines.push(`  npx millrace query page_views --by page --last 1h`);
  }
  return `${lines.join("\n")}\n\n`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function warningOf(host: string): string[] {
  return [
    `  Listening on ${host}: every machine that reaches this one can try a key or a token here, and read`,
    "  what is sent. Where that is more than your own network, put a proxy with TLS in front.",
  ];
}
