import { DASHBOARDS } from "./dashboards/index.ts";
import { renderDashboard } from "./grafana/render-dashboard.ts";
import { ALERT_GROUPS, RECORDING_GROUPS } from "./rules/index.ts";
import { renderRules } from "./rules/render-rules.ts";

/** Where the chart takes them from. */
const FOLDER = "charts/millrace/files";

/** All files that are made, by their paths from the root of the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...DASHBOARDS.map((source): [string, string] => {
      const text = JSON.stringify(renderDashboard(source), withoutMenus, 2);
      return [`${FOLDER}/dashboards/${source.uid}.json`, `${text}\n`];
    }),
    [`${FOLDER}/rules/recordings.yaml`, renderRules(RECORDING_GROUPS)],
    [`${FOLDER}/rules/alerts.yaml`, renderRules(ALERT_GROUPS)],
  ]);
}

/** Grafana's library hides links and marks in a menu unless told otherwise, and has no word for "not hidden". */
function withoutMenus(key: string, value: unknown): unknown {
  return key === "placement" && value === "inControlsMenu" ? undefined : value;
}
