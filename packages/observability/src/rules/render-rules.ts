import { stringify } from "yaml";
import { runbookUrl } from "../runbooks.ts";
import type { Alert, Recording, RuleGroup } from "./rule.ts";

const NOTE = "# Made from packages/observability by `npm run generate:observability`: change it there.\n";

/** Groups of rules as a file that Prometheus loads. */
export function renderRules(groups: readonly RuleGroup[]): string {
  const rendered = groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ("record" in rule ? recording(rule) : alert(rule))),
  }));
  return NOTE + stringify({ groups: rendered }, { lineWidth: 0 });
}

function recording({ record, expr }: Recording) {
  return { record, expr };
}

function alert({ name, severity, for: forHowLong, expr, summary, description, service }: Alert) {
  return {
    alert: name,
    expr,
    ...(forHowLong === "0m" ? {} : { for: forHowLong }),
    labels: { severity, app: "millrace" },
    annotations: {
      summary,
      description,
      runbook_url: runbookUrl(name),
      dashboard: `millrace-${service ?? "overview"}`,
    },
  };
}
