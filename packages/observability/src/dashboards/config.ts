import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { questionsOf } from "../grafana/variables.ts";
import { callGraphs, callNumbers } from "./calls.ts";
import { processNumbers, processRow } from "./process.ts";
import { recordStoreGraphs } from "./stores.ts";

const asked = questionsOf("config");
const { gauge, quantile, rate } = asked;

/** Config: can projects, keys and definitions be read and changed, and are all told of changes. */
export const CONFIG: DashboardSource = {
  uid: "millrace-config",
  title: "Millrace / Config",
  description: "Keeps projects, keys, metrics and rollups, and tells the other services of changes.",
  service: "config",
  rows: [
    { title: "Is it healthy", panels: [...callNumbers(asked), ...numbers(), ...processNumbers(asked)] },
    { title: "Who is told of changes", panels: told() },
    { title: "Record store", panels: recordStoreGraphs(asked) },
    { title: "Calls", panels: callGraphs(asked) },
    processRow(asked),
  ],
};

function numbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Told of changes",
      description: "Processes of other services that config tells of changes: one stream each.",
      unit: "count",
      queries: [{ expr: `sum(${gauge("millrace.config.watches")})`, legend: "streams" }],
      alerts: ["MillraceConfigAway"],
    },
    {
      kind: "number",
      title: "Records, 99th percentile",
      description: "Calls to the store of records.",
      unit: "seconds",
      queries: [
        {
          expr: quantile(0.99, "millrace.record_store.duration", [], { "millrace.operation": "!watch" }),
          legend: "p99",
        },
      ],
      threshold: { warning: 0.25, critical: 1 },
    },
    {
      kind: "number",
      title: "Records, failures",
      description: "Calls to the store of records that failed, per second; that somebody else was faster is none.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.record_store.errors", [], { "error.type": "!stale" }), legend: "failures" }],
      threshold: { critical: 0.1 },
      alerts: ["MillraceRecordStoreFails"],
    },
  ];
}

function told(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Streams of changes",
      description: "By process of config. A step down is a restart of either side; they come back within seconds.",
      unit: "count",
      queries: [{ expr: gauge("millrace.config.watches"), legend: "{{instance}}" }],
      alerts: ["MillraceConfigAway"],
    },
  ];
}
