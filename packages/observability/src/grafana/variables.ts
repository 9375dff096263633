import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricSource } from "@millrace/telemetry";
import { everywhere, ofService, type Questions, questionsIn, type Scope } from "../promql.ts";
import { DATA_SOURCE } from "./render-panel.ts";

/** What dashboards ask about: what is chosen at their top, over the time between two points of a graph. */
export const CHOSEN: Scope = {
  matchers: ['namespace=~"$namespace"', 'job=~"$job"'],
  window: "$__rate_interval",
};

/** What the dashboard of a service asks about it. */
export function questionsOf(service: MetricSource): Questions {
  return questionsIn(ofService(service, CHOSEN));
}

/** What can be chosen at the top of a dashboard: where the metrics are, the namespace, and the jobs of a service or all. */
export function variablesOf(service: MetricSource | undefined): Builder<VariableModel>[] {
  const all = everywhere("5m");
  const asked = service === undefined ? all : ofService(service, all);
  const any = (matchers: readonly string[]) =>
    questionsIn({ ...asked, matchers: [...asked.matchers, ...matchers] }).gauge("process.uptime");
  return [
    new DatasourceVariableBuilder("datasource").label("Metrics").type("prometheus"),
    choiceOf("namespace", "Namespace", any([])),
    choiceOf("job", "Job", any(['namespace=~"$namespace"'])),
  ];
}

/** All values of a label that series have. "All" also means those without the label, as where nothing is in namespaces. */
function choiceOf(label: string, title: string, series: string): QueryVariableBuilder {
  const query = `label_values(${series}, ${label})`;
  return new QueryVariableBuilder(label)
    .label(title)
    .datasource(DATA_SOURCE)
    .query({ query, refId: label })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: "All", value: "$__all" });
}
