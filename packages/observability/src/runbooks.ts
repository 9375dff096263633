/**
 * Where the runbooks can be read. An address of nobody: whoever installs the rules and dashboards says where their copy of
 * docs/runbooks.md is, as the chart's value does, and it is replaced.
 */
const RUNBOOKS_URL = "https://millrace.example/docs/runbooks.md";

/** The address of an alert's runbook: the heading of docs/runbooks.md that is its name. */
export function runbookUrl(alert: string): string {
  return `${RUNBOOKS_URL}#${alert.toLowerCase()}`;
}
