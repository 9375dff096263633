import type { Panel } from "../grafana/panel.ts";
import type { Questions } from "../promql.ts";
import { percentiles } from "./percentiles.ts";

/** Appends to the event log, and to Kafka behind it. */
export function appendGraphs(questions: Questions): Panel[] {
  return [...outcomeGraphs(questions), ...volumeGraphs(questions)];
}

function outcomeGraphs({ rate, quantile, spread }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Time until durable",
      description: "How long appends took, failed ones included.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.event_log.append.duration", 0.5, 0.95, 0.99),
      threshold: { critical: 1 },
      alerts: ["MillraceAppendsSlow"],
    },
    {
      kind: "heatmap",
      title: "Time until durable, spread",
      description: "Two bands are two kinds of partitions: look for one broker that is slower than the others.",
      unit: "seconds",
      queries: [{ expr: spread("millrace.event_log.append.duration"), legend: "{{le}}" }],
    },
    {
      kind: "lines",
      title: "Calls to the log that failed",
      description: "By call and kind. None is usual; an election of a leader leaves a few.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.event_log.errors", ["millrace.operation", "error.type"]),
          legend: "{{millrace_operation}} {{error_type}}",
        },
      ],
      alerts: ["MillraceAppendsFail"],
    },
    {
      kind: "lines",
      title: "Batches to Kafka, by what came of them",
      description: "Unclear ones may be there or not: they are sent again, and count once.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.event_log.kafka.attempts", ["messaging.destination.name", "millrace.outcome"]),
          legend: "{{millrace_outcome}} {{messaging_destination_name}}",
        },
        {
          expr: rate("millrace.event_log.kafka.producer.renewals", ["messaging.destination.name"]),
          legend: "producers given up {{messaging_destination_name}}",
        },
      ],
      alerts: ["MillraceAppendsUnclear"],
    },
  ];
}

function volumeGraphs({ rate, gauge }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Bytes appended",
      description: "What goes to the log, per second, before Kafka's replication.",
      unit: "bytesPerSecond",
      queries: [
        { expr: rate("millrace.event_log.append.io", ["instance"]), legend: "{{instance}}" },
        { expr: rate("millrace.event_log.append.io", []), legend: "all" },
      ],
    },
    {
      kind: "lines",
      title: "Records appended",
      description: "Records per second; many events go into one.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.event_log.append.records", ["instance"]), legend: "{{instance}}" }],
    },
    {
      kind: "lines",
      title: "Bytes that wait for Kafka",
      description: "What was sent and is not acknowledged yet.",
      unit: "bytes",
      queries: [
        {
          expr: gauge("millrace.event_log.kafka.queue"),
          legend: "{{instance}} {{messaging_destination_name}}",
        },
      ],
    },
  ];
}

/** What is read from the event log, and who owns its partitions. */
export function consumeGraphs(questions: Questions): Panel[] {
  const { rate } = questions;
  return [
    partitionsByProcess(questions),
    {
      kind: "lines",
      title: "Partitions that moved",
      description: "Gained, given up in good order, or lost. Lost ones are folded again from their last commit.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.event_log.partition.moves", ["messaging.consumer.group.name", "millrace.change"]),
          legend: "{{millrace_change}}",
        },
        {
          expr: rate("millrace.event_log.kafka.rebalances", ["messaging.consumer.group.name"]),
          legend: "rebalances, by member",
        },
      ],
      alerts: ["MillraceRebalancesOften"],
    },
    {
      kind: "lines",
      title: "Bytes read",
      description: "What processors are handed, what they are handed again included.",
      unit: "bytesPerSecond",
      queries: [{ expr: rate("millrace.event_log.consume.io", ["instance"]), legend: "{{instance}}" }],
    },
    {
      kind: "lines",
      title: "Records read",
      description: "Records per second; a record has many events.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.event_log.consume.records", ["instance"]), legend: "{{instance}}" }],
    },
  ];
}

/** Who owns the partitions of the event log. */
export function partitionsByProcess({ gauge }: Questions): Panel {
  return {
    kind: "lines",
    title: "Partitions by process",
    description: "Who owns how many, and how many the log has: the lines of processes together are as high as that.",
    unit: "count",
    queries: [
      { expr: gauge("millrace.processing.partitions"), legend: "{{instance}}" },
      { expr: `max(${gauge("millrace.event_log.partitions")})`, legend: "in the log" },
    ],
    alerts: ["MillracePartitionsUnowned"],
  };
}
