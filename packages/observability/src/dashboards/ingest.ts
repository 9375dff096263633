import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { questionsOf } from "../grafana/variables.ts";
import { ratio } from "../promql.ts";
import { callGraphs, callNumbers } from "./calls.ts";
import { appendGraphs } from "./log.ts";
import { percentiles } from "./percentiles.ts";
import { processNumbers, processRow } from "./process.ts";
import { cacheGraphs, claimGraphs } from "./redis.ts";
import { snapshotGraphs } from "./snapshot.ts";

const asked = questionsOf("ingest");
const { rate, gauge, quantile } = asked;
const EVENTS = "millrace.ingest.events";

/** Ingest: are events taken, and how fast are they durable. */
export const INGEST: DashboardSource = {
  uid: "millrace-ingest",
  title: "Millrace / Ingest",
  description: "Takes events, and answers when they are durable.",
  service: "ingest",
  rows: [
    { title: "Is it healthy", panels: [...numbers(), ...callNumbers(asked), ...processNumbers(asked)] },
    { title: "Events", panels: events() },
    { title: "Room for requests", panels: room() },
    { title: "The event log", panels: appendGraphs(asked) },
    { title: "Calls", panels: callGraphs(asked) },
    {
      title: "What it looks up",
      panels: [...snapshotGraphs(asked), ...claimGraphs(asked), ...cacheGraphs(asked)],
      isClosed: true,
    },
    processRow(asked),
  ],
};

function numbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Events accepted",
      description: "Events that became durable, per second.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate(EVENTS, [], { "millrace.outcome": "accepted" }), legend: "accepted" }],
      alerts: ["MillraceNoEvents"],
    },
    {
      kind: "number",
      title: "Events not allowed",
      description: "The part of events that was rejected for what is in them. Their senders have to be mended.",
      unit: "ratio",
      queries: [
        {
          expr: ratio(`${rate(EVENTS, [], { "millrace.outcome": "rejected" })} or vector(0)`, rate(EVENTS, [])),
          legend: "rejected",
        },
      ],
      threshold: { warning: 0.01, critical: 0.05 },
      alerts: ["MillraceEventsRejected"],
    },
    {
      kind: "number",
      title: "Append, 99th percentile",
      description: "Until events are durable in the log. Some 10 to 50 ms are usual with three brokers.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.event_log.append.duration", 0.99),
      threshold: { warning: 0.25, critical: 1 },
      alerts: ["MillraceAppendsSlow", "MillraceAppendsFail"],
    },
  ];
}

function events(): Panel[] {
  return [
    {
      kind: "areas",
      title: "Events by what became of them",
      description:
        "Accepted are durable; duplicates were known; rejected are not allowed; retry was asked to send again.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate(EVENTS, ["millrace.outcome"]), legend: "{{millrace_outcome}}" }],
      alerts: ["MillraceNoEvents"],
    },
    {
      kind: "lines",
      title: "Events not accepted, by reason",
      description: "docs/errors.md explains each reason.",
      unit: "eventsPerSecond",
      queries: [
        {
          expr: rate(EVENTS, ["millrace.outcome", "error.type"], { "millrace.outcome": "!accepted" }),
          legend: "{{millrace_outcome}} {{error_type}}",
        },
      ],
      alerts: ["MillraceEventsRejected", "MillraceManyDuplicates", "MillraceAppendsFail"],
    },
    {
      kind: "lines",
      title: "Events accepted, by project",
      description: "The ten projects that send most; the first hundred projects of a process are told apart.",
      unit: "eventsPerSecond",
      queries: [
        {
          expr: `topk(10, ${rate(EVENTS, ["millrace.project"], { "millrace.outcome": "accepted" })})`,
          legend: "{{millrace_project}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Events rejected, by project",
      description: "Whose senders are to be told: the ten projects with most rejected events.",
      unit: "eventsPerSecond",
      queries: [
        {
          expr: `topk(10, ${rate(EVENTS, ["millrace.project"], { "millrace.outcome": "rejected" })})`,
          legend: "{{millrace_project}}",
        },
      ],
      alerts: ["MillraceEventsRejected"],
    },
    {
      kind: "lines",
      title: "Late events, and visitors that can't be told",
      description:
        "Late ones are kept in the log and in the accounts and do not count. Page views without a visitor count, but not in numbers of visitors.",
      unit: "eventsPerSecond",
      queries: [
        { expr: rate("millrace.ingest.late_events", ["millrace.project"]), legend: "late {{millrace_project}}" },
        {
          expr: rate("millrace.ingest.unknown_visitors", ["millrace.project"]),
          legend: "without a visitor {{millrace_project}}",
        },
      ],
      alerts: ["MillraceEventsLate"],
    },
  ];
}

function room(): Panel[] {
  const part = ratio(gauge("millrace.ingest.in_flight.usage"), gauge("millrace.ingest.in_flight.limit"));
  return [
    {
      kind: "lines",
      title: "Bytes in flight, part of the limit",
      description:
        "What is held until it is durable, against MILLRACE_BYTES_IN_FLIGHT. At 1 calls are refused, and streams wait.",
      unit: "ratio",
      queries: [{ expr: part, legend: "{{instance}}" }],
      threshold: { warning: 0.75, critical: 0.9 },
      max: 1,
      alerts: ["MillraceIngestNearlyFull", "MillraceIngestRefuses"],
    },
    {
      kind: "lines",
      title: "Bytes in flight",
      description: "The same in bytes, and the limit.",
      unit: "bytes",
      queries: [
        { expr: gauge("millrace.ingest.in_flight.usage"), legend: "{{instance}}" },
        { expr: `max(${gauge("millrace.ingest.in_flight.limit")})`, legend: "limit" },
      ],
    },
    {
      kind: "lines",
      title: "Producers' streams",
      description:
        "Streams that are open, by process. Uneven numbers are normal; they are closed and opened again within a minute.",
      unit: "count",
      queries: [{ expr: gauge("millrace.ingest.streams"), legend: "{{instance}}" }],
    },
  ];
}
