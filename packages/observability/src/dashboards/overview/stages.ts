import type { Panel } from "../../grafana/panel.ts";
import { type Questions, ratio } from "../../promql.ts";
import { percentiles } from "../percentiles.ts";

/** Events on their way into the log. */
export function eventsInGraphs({ rate, gauge, quantile }: Questions): Panel[] {
  return [
    {
      kind: "areas",
      title: "Events by what became of them",
      description: "Accepted, known already, not allowed, or to be sent again.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate("millrace.ingest.events", ["millrace.outcome"]), legend: "{{millrace_outcome}}" }],
      alerts: ["MillraceEventsRejected", "MillraceNoEvents"],
    },
    {
      kind: "lines",
      title: "Time until durable",
      description: "How long appends to the log took.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.event_log.append.duration", 0.5, 0.99),
      alerts: ["MillraceAppendsSlow"],
    },
    {
      kind: "lines",
      title: "Room for requests in use",
      description: "Bytes in flight of the fullest process, as a part of its limit. At 1 calls are refused.",
      unit: "ratio",
      queries: [
        {
          expr: `max(${ratio(gauge("millrace.ingest.in_flight.usage"), gauge("millrace.ingest.in_flight.limit"))})`,
          legend: "fullest",
        },
      ],
      threshold: { warning: 0.75, critical: 0.9 },
      max: 1,
      alerts: ["MillraceIngestNearlyFull"],
    },
  ];
}

/** Events on their way from the log into the store. */
export function foldedGraphs({ rate, gauge }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Accepted and folded",
      description: "Two lines that lie on each other. A gap is events on their way; a fold above is catching up.",
      unit: "eventsPerSecond",
      queries: [
        { expr: rate("millrace.ingest.events", [], { "millrace.outcome": "accepted" }), legend: "accepted" },
        { expr: rate("millrace.processing.events", []), legend: "folded" },
      ],
      alerts: ["MillraceLagGrows"],
    },
    {
      kind: "lines",
      title: "Behind",
      description: "The partition that is furthest behind, and the events that are not folded yet.",
      unit: "seconds",
      queries: [{ expr: `max(${gauge("millrace.processing.lag.time")})`, legend: "furthest behind" }],
      threshold: { warning: 10, critical: 60 },
      alerts: ["MillraceLagHigh", "MillraceLagGrows", "MillraceLagNearsItsLimit"],
    },
  ];
}

/** Questions, and how soon they are answered. */
export function questionGraphs({ rate, gauge, quantile }: Questions): Panel[] {
  return [
    {
      kind: "areas",
      title: "Questions",
      description: "By what became of them, watched ones included.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.reporting.query.executions", ["millrace.query.source", "millrace.outcome"]),
          legend: "{{millrace_query_source}}: {{millrace_outcome}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Time to answer",
      description: "Questions, by how many of them took less.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.reporting.query.duration", 0.5, 0.95, 0.99),
      threshold: { critical: 1 },
      alerts: ["MillraceQueriesBudgetBurnsFast"],
    },
    {
      kind: "lines",
      title: "Looked at live",
      description: "Questions that are watched and projects that are tailed.",
      unit: "count",
      queries: [
        { expr: `sum(${gauge("millrace.reporting.watches")})`, legend: "watched" },
        { expr: `sum(${gauge("millrace.reporting.tails")})`, legend: "tailed" },
      ],
    },
  ];
}
