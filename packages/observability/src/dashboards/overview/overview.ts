import type { DashboardSource, Panel, Threshold } from "../../grafana/panel.ts";
import { CHOSEN } from "../../grafana/variables.ts";
import { ACKNOWLEDGEMENTS, badPart, FAST_BURN, OBJECTIVES, type Objective, QUERIES } from "../../objectives.ts";
import { questionsIn } from "../../promql.ts";
import { partitionsByProcess } from "../log.ts";
import { percentiles } from "../percentiles.ts";
import { chosenRatio, errorBudgetGraphs } from "./error-budgets.ts";
import { failureGraphs } from "./failures.ts";
import { serviceGraphs } from "./services.ts";
import { eventsInGraphs, foldedGraphs, questionGraphs } from "./stages.ts";

const asked = questionsIn(CHOSEN);
const { rate, gauge, quantile } = asked;

/** All of Millrace: the first page to open. */
export const OVERVIEW: DashboardSource = {
  uid: "millrace-overview",
  title: "Millrace / Overview",
  description: "From an event's way in to its way out. Each stage has a dashboard of its own: see the links above.",
  rows: [
    { title: "Is it healthy", panels: [firingAlerts(), ...eventNumbers(), ...questionNumbers()] },
    { title: "What is promised", panels: OBJECTIVES.flatMap(errorBudgetGraphs) },
    { title: "Events in", panels: eventsInGraphs(asked) },
    { title: "Events folded", panels: [...foldedGraphs(asked), partitionsByProcess(asked)] },
    { title: "Questions out", panels: questionGraphs(asked) },
    { title: "What services stand on", panels: failureGraphs(asked) },
    { title: "Processes, by service", panels: serviceGraphs(asked), isClosed: true },
  ],
};

function firingAlerts(): Panel {
  return {
    kind: "number",
    title: "Alerts",
    description: "Alerts of Millrace that fire.",
    unit: "count",
    queries: [
      {
        expr: `count(ALERTS{alertname=~"Millrace.+", alertstate="firing", severity!="info", namespace=~"$namespace"}) or vector(0)`,
        legend: "alerts",
      },
    ],
    threshold: { critical: 1 },
  };
}

function eventNumbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Events in",
      description: "Events that became durable, per second.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate("millrace.ingest.events", [], { "millrace.outcome": "accepted" }), legend: "accepted" }],
      alerts: ["MillraceNoEvents"],
    },
    {
      kind: "number",
      title: "Acknowledgements that failed",
      description:
        "Calls that send events and were not answered as they should be, for reasons of ours; last five minutes.",
      unit: "ratio",
      queries: [{ expr: `max(${chosenRatio(ACKNOWLEDGEMENTS, "5m")})`, legend: "failed" }],
      threshold: burning(ACKNOWLEDGEMENTS),
      alerts: ["MillraceAcknowledgementsBudgetBurnsFast"],
    },
    {
      kind: "number",
      title: "Behind",
      description: "How far the partition that is furthest behind is behind the log.",
      unit: "seconds",
      queries: [{ expr: `max(${gauge("millrace.processing.lag.time")})`, legend: "behind" }],
      threshold: { warning: 10, critical: 60 },
      alerts: ["MillraceLagHigh", "MillraceLagGrows"],
    },
    {
      kind: "number",
      title: "Until visible, p99",
      description: "From when ingest took an event until it could be asked for.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.processing.event_to_visible", 0.99),
      threshold: { warning: 3, critical: 10 },
      alerts: ["MillraceVisibleLate"],
    },
    {
      kind: "number",
      title: "Partitions stuck",
      description: "Partitions that wait, and those of nobody.",
      unit: "count",
      queries: [
        {
          expr: `sum(${gauge("millrace.processing.stalled")}) + max(${gauge("millrace.event_log.partitions")}) - sum(${gauge("millrace.processing.partitions")})`,
          legend: "stuck",
        },
      ],
      threshold: { critical: 1 },
      alerts: ["MillracePartitionStalled", "MillracePartitionsUnowned"],
    },
  ];
}

function questionNumbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Question, p99",
      description: "Ninety-nine of a hundred questions were answered in less.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.reporting.query.duration", 0.99),
      threshold: { warning: 0.5, critical: 1 },
      alerts: ["MillraceQueriesBudgetBurnsFast"],
    },
    {
      kind: "number",
      title: "Questions that failed",
      description:
        "Questions that were not answered within a second, or not at all for reasons of ours; last five minutes.",
      unit: "ratio",
      queries: [{ expr: `max(${chosenRatio(QUERIES, "5m")})`, legend: "failed" }],
      threshold: burning(QUERIES),
      alerts: ["MillraceQueriesBudgetBurnsFast"],
    },
  ];
}

/** Yellow while an error budget burns faster than planned, red while somebody is called for it. */
function burning(objective: Objective): Threshold {
  return { warning: badPart(objective, 1), critical: badPart(objective, FAST_BURN) };
}
