import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { questionsOf } from "../grafana/variables.ts";
import { ratio } from "../promql.ts";
import { callGraphs, callNumbers } from "./calls.ts";
import { percentiles } from "./percentiles.ts";
import { processNumbers, processRow } from "./process.ts";
import { cacheGraphs } from "./redis.ts";
import { snapshotGraphs } from "./snapshot.ts";
import { cellStoreGraphs } from "./stores.ts";

const asked = questionsOf("reporting");
const { rate, gauge, quantile, mean, spread, seen } = asked;
const DURATION = "millrace.reporting.query.duration";
const EXECUTIONS = "millrace.reporting.query.executions";

/** Reporting: are questions answered, and how fast. */
export const REPORTING: DashboardSource = {
  uid: "millrace-reporting",
  title: "Millrace / Reporting",
  description: "Answers questions from stored blocks, once or for as long as somebody watches.",
  service: "reporting",
  rows: [
    { title: "Is it healthy", panels: [...numbers(), ...callNumbers(asked), ...processNumbers(asked)] },
    { title: "Questions", panels: questions() },
    { title: "Watched questions and tails", panels: live() },
    { title: "Cell store", panels: cellStoreGraphs(asked) },
    { title: "Cache and configuration", panels: [...cacheGraphs(asked), ...snapshotGraphs(asked)] },
    { title: "Calls", panels: callGraphs(asked), isClosed: true },
    processRow(asked),
  ],
};

function numbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Questions",
      description: "Questions answered per second, watched ones included.",
      unit: "perSecond",
      queries: [{ expr: rate(EXECUTIONS, []), legend: "questions" }],
    },
    {
      kind: "number",
      title: "Questions that failed",
      description: "The part that failed for reasons of ours; what the caller can change is not in it.",
      unit: "ratio",
      queries: [
        {
          expr: ratio(`${rate(EXECUTIONS, [], { "millrace.outcome": "failed" })} or vector(0)`, rate(EXECUTIONS, [])),
          legend: "failed",
        },
      ],
      threshold: { warning: 0.001, critical: 0.01 },
      alerts: ["MillraceQueriesBudgetBurnsFast", "MillraceQueriesBudgetBurnsSlowly"],
    },
    {
      kind: "number",
      title: "Question, 99th percentile",
      description: "Ninety-nine of a hundred questions were answered in less.",
      unit: "seconds",
      queries: percentiles(quantile, DURATION, 0.99),
      threshold: { warning: 0.5, critical: 1 },
      alerts: ["MillraceQueriesBudgetBurnsFast"],
    },
  ];
}

function questions(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Time to answer, 99th percentile",
      description: "By what was asked for.",
      unit: "seconds",
      queries: [
        { expr: quantile(0.99, DURATION, ["millrace.query.kind"]), legend: "p99 {{millrace_query_kind}}" },
        { expr: quantile(0.5, DURATION, []), legend: "median of all" },
      ],
      threshold: { critical: 1 },
      alerts: ["MillraceQueriesBudgetBurnsFast", "MillraceQueriesBudgetBurnsSlowly"],
    },
    {
      kind: "heatmap",
      title: "Time to answer, spread",
      description: "Two bands are usually answers from memory and answers from the store.",
      unit: "seconds",
      queries: [{ expr: spread(DURATION), legend: "{{le}}" }],
    },
    {
      kind: "areas",
      title: "Questions by what was asked for",
      description: "Questions that came, per second.",
      unit: "perSecond",
      queries: [{ expr: seen(DURATION, ["millrace.query.kind"]), legend: "{{millrace_query_kind}}" }],
    },
    {
      kind: "lines",
      title: "Questions by what became of them",
      description: "Refused ones ask for what is not there, such as an unknown metric; failed ones are our fault.",
      unit: "perSecond",
      queries: [
        {
          expr: rate(EXECUTIONS, ["millrace.query.source", "millrace.outcome"]),
          legend: "{{millrace_query_source}}: {{millrace_outcome}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Blocks per question",
      description:
        "Blocks that answers were put together from. Many make an answer slow: a wider granularity needs fewer.",
      unit: "count",
      queries: [
        {
          expr: mean("millrace.reporting.query.blocks", ["millrace.query.kind"]),
          legend: "mean {{millrace_query_kind}}",
        },
        ...percentiles(quantile, "millrace.reporting.query.blocks", 0.99),
      ],
    },
    {
      kind: "lines",
      title: "Questions under way",
      description: "Questions that are being answered right now, by process.",
      unit: "count",
      queries: [{ expr: gauge("millrace.reporting.query.active"), legend: "{{instance}}" }],
    },
  ];
}

function live(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Watched questions and tails",
      description: "Streams that are open, by process.",
      unit: "count",
      queries: [
        { expr: gauge("millrace.reporting.watches"), legend: "watched {{instance}}" },
        { expr: gauge("millrace.reporting.tails"), legend: "tailed {{instance}}" },
      ],
    },
    {
      kind: "lines",
      title: "Time to answer again",
      description: "How long watched questions took to be answered again after a change.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.reporting.watch.answer.duration", 0.5, 0.99),
    },
    {
      kind: "lines",
      title: "Events of tails",
      description:
        "Those that were sent, and those that were left out since there were too many. Nothing that counts is lost by it.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate("millrace.reporting.tail.events", ["millrace.outcome"]), legend: "{{millrace_outcome}}" }],
      alerts: ["MillraceTailsLeaveOut"],
    },
  ];
}
