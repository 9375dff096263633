import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { CHOSEN } from "../grafana/variables.ts";
import { FAULTS, OBJECTIVES, type Objective, recordedRatio } from "../objectives.ts";
import { questionsIn, ratio, releases } from "../promql.ts";
import { consumeGraphs } from "./log.ts";
import { percentiles } from "./percentiles.ts";

const asked = questionsIn(CHOSEN);
const { rate, gauge, quantile, seen, increase } = asked;
const ACCEPTED = { "millrace.outcome": "accepted" } as const;
/** What recorded rules know is the namespace alone. */
const NAMESPACE = '{namespace=~"$namespace"}';

/** All of Millrace: the first page to open. */
export const OVERVIEW: DashboardSource = {
  uid: "millrace-overview",
  title: "Millrace / Overview",
  description: "From an event's way in to its way out. Each stage has a dashboard of its own: see the links above.",
  rows: [
    { title: "Is it healthy", panels: numbers() },
    { title: "What is promised", panels: OBJECTIVES.flatMap(promised) },
    { title: "Events in", panels: eventsIn() },
    { title: "Events folded", panels: [...folded(), ...consumeGraphs(asked).slice(0, 1)] },
    { title: "Questions out", panels: questionsOut() },
    { title: "What services stand on", panels: backends() },
    { title: "Processes, by service", panels: processes(), isClosed: true },
  ],
};

function numbers(): Panel[] {
  return [
    {
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
    },
    {
      kind: "number",
      title: "Events in",
      description: "Events that became durable, per second.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate("millrace.ingest.events", [], ACCEPTED), legend: "accepted" }],
      alerts: ["MillraceNoEvents"],
    },
    {
      kind: "number",
      title: "Acknowledgements that failed",
      description:
        "Calls that send events and were not answered as they should be, for reasons of ours; last five minutes.",
      unit: "ratio",
      queries: [{ expr: `max(${recordedRatio(OBJECTIVES[0], "5m")}${NAMESPACE})`, legend: "failed" }],
      threshold: { warning: 0.001, critical: 0.0144 },
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
      queries: [{ expr: `max(${recordedRatio(OBJECTIVES[1], "5m")}${NAMESPACE})`, legend: "failed" }],
      threshold: { warning: 0.01, critical: 0.144 },
      alerts: ["MillraceQueriesBudgetBurnsFast"],
    },
  ];
}

function promised(objective: Objective): Panel[] {
  const { name, title, target } = objective;
  const subject = name[0]!.toUpperCase() + name.slice(1);
  const budget = Math.round((1 - target) * 1e6) / 1e6;
  const alerts = [`Millrace${subject}BudgetBurnsFast`, `Millrace${subject}BudgetBurnsSlowly`];
  return [
    {
      kind: "lines",
      title: `${subject}: how fast the error budget burns`,
      description: `1 uses up the budget of 30 days in 30 days; at 14.4 somebody is called. The objective: ${target * 100} % of ${title}.`,
      unit: "count",
      queries: (["5m", "1h", "6h", "3d"] as const).map((lookBack) => ({
        expr: `max(${recordedRatio(objective, lookBack)}${NAMESPACE}) / ${budget}`,
        legend: lookBack,
      })),
      threshold: { warning: 1, critical: 14.4 },
      alerts,
    },
    {
      kind: "lines",
      title: `${subject}: error budget left of 30 days`,
      description: "1 is all of it. Below 0 the objective is missed: hold back what could make it worse.",
      unit: "ratio",
      queries: [{ expr: `1 - max(${recordedRatio(objective, "30d")}${NAMESPACE}) / ${budget}`, legend: "left" }],
      threshold: { warning: 0.5, critical: 0, below: true },
      max: 1,
      isSigned: true,
      alerts,
    },
  ];
}

function eventsIn(): Panel[] {
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

function folded(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Accepted and folded",
      description: "Two lines that lie on each other. A gap is events on their way; a fold above is catching up.",
      unit: "eventsPerSecond",
      queries: [
        { expr: rate("millrace.ingest.events", [], ACCEPTED), legend: "accepted" },
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

function questionsOut(): Panel[] {
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

function backends(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Failures of what is stood on",
      description: "Calls per second that failed: to Kafka, Cassandra, and both installations of Redis.",
      unit: "perSecond",
      queries: [
        { expr: rate("millrace.event_log.errors", ["service_name"]), legend: "event log, {{service_name}}" },
        { expr: rate("millrace.cell_store.errors", ["service_name"]), legend: "cell store, {{service_name}}" },
        {
          expr: rate("millrace.record_store.errors", ["service_name"], { "error.type": "!stale" }),
          legend: "record store, {{service_name}}",
        },
        { expr: rate("millrace.claims.errors", ["service_name"]), legend: "claims, {{service_name}}" },
        { expr: rate("millrace.cache.errors", ["service_name"]), legend: "cache, {{service_name}}" },
      ],
      alerts: ["MillraceAppendsFail", "MillraceCellStoreFails", "MillraceRecordStoreFails", "MillraceClaimsFail"],
    },
    {
      kind: "lines",
      title: "Breakers that are open, and services without config",
      description: "Breakers that let nothing through, and processes that config does not tell of changes.",
      unit: "count",
      queries: [
        {
          expr: `sum by (millrace_breaker, service_name) (${gauge("millrace.breaker.state", { "millrace.state": "open" })})`,
          legend: "breaker {{millrace_breaker}}, {{service_name}}",
        },
        {
          expr: `count by (service_name) (${gauge("millrace.snapshot.watching")} == 0)`,
          legend: "without config: {{service_name}}",
        },
      ],
      alerts: ["MillraceBreakerOpen", "MillraceConfigAway"],
    },
    {
      kind: "lines",
      title: "Calls that failed, by service",
      description: "For reasons of ours, per second.",
      unit: "callsPerSecond",
      queries: [
        {
          expr: seen("rpc.server.call.duration", ["service_name", "rpc.response.status_code"], {
            "rpc.response.status_code": FAULTS,
          }),
          legend: "{{service_name}} {{rpc_response_status_code}}",
        },
      ],
      alerts: ["MillraceInternalErrors"],
    },
    {
      kind: "lines",
      title: "Dead letters kept",
      description: "Between two points of the graph, by why.",
      unit: "count",
      queries: [{ expr: increase("millrace.processing.dead_letter.kept", ["error.type"]), legend: "{{error_type}}" }],
      alerts: ["MillraceDeadLetters"],
    },
  ];
}

function processes(): Panel[] {
  const memory = ratio(gauge("process.memory.usage"), gauge("millrace.process.memory.limit"));
  return [
    {
      kind: "lines",
      title: "Processes",
      description: "How many there are. Two versions of one service beside each other are an update.",
      unit: "count",
      queries: [
        {
          expr: `count by (service_name, service_version) (${releases(CHOSEN)})`,
          legend: "{{service_name}} {{service_version}}",
        },
      ],
      alerts: ["MillraceServiceGone", "MillraceVersionsDiffer", "MillraceRestarts"],
    },
    {
      kind: "lines",
      title: "Processor time",
      description: "Cores in use, by service.",
      unit: "cores",
      queries: [{ expr: rate("process.cpu.time", ["service_name"]), legend: "{{service_name}}" }],
    },
    {
      kind: "lines",
      title: "Memory, part of the container's limit",
      description: "The process that is nearest to its limit, by service.",
      unit: "ratio",
      queries: [{ expr: `max by (service_name) (${memory})`, legend: "{{service_name}}" }],
      threshold: { warning: 0.8, critical: 0.9 },
      max: 1,
      alerts: ["MillraceMemoryNearLimit"],
    },
    {
      kind: "lines",
      title: "Event loop delay, p99",
      description: "The process with the longest, by service.",
      unit: "seconds",
      queries: [{ expr: `max by (service_name) (${gauge("nodejs.eventloop.delay.p99")})`, legend: "{{service_name}}" }],
      threshold: { critical: 0.25 },
      alerts: ["MillraceEventLoopBlocked"],
    },
  ];
}
