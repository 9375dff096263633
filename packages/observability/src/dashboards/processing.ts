import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { ratio } from "../promql.ts";
import { callGraphs, chosenOf } from "./calls.ts";
import { appendGraphs, consumeGraphs } from "./log.ts";
import { percentiles } from "./percentiles.ts";
import { processNumbers, processRow } from "./process.ts";
import { cacheGraphs, claimGraphs } from "./redis.ts";
import { snapshotGraphs } from "./snapshot.ts";
import { cellStoreGraphs } from "./stores.ts";

const asked = chosenOf("processing");
const { rate, gauge, counter, quantile, mean, spread } = asked;
const EVENTS = "millrace.processing.events";

/** Processing: does it keep up, is anything stuck, and does what is folded become durable. */
export const PROCESSING: DashboardSource = {
  uid: "millrace-processing",
  title: "Millrace / Processing",
  description: "Owns partitions of the log, folds their events into cells, and stores them.",
  service: "processing",
  rows: [
    { title: "Is it healthy", panels: [...numbers(), ...processNumbers(asked)] },
    { title: "How far behind", panels: lag() },
    { title: "Partitions", panels: [...consumeGraphs(asked), ...offsets()] },
    { title: "The fold", panels: fold() },
    { title: "Flushes", panels: flushes() },
    { title: "Memory of blocks", panels: memory() },
    { title: "Claims", panels: claimGraphs(asked) },
    { title: "Cell store", panels: cellStoreGraphs(asked) },
    { title: "Dead letters", panels: deadLetters() },
    {
      title: "The cache, tails, configuration",
      panels: [...cacheGraphs(asked), ...tails(), ...snapshotGraphs(asked)],
      isClosed: true,
    },
    { title: "Calls", panels: callGraphs(asked), isClosed: true },
    { title: "Appends of dead letters and of events that are redriven", panels: appendGraphs(asked), isClosed: true },
    processRow(asked),
  ],
};

function numbers(): Panel[] {
  const unowned = `max(${gauge("millrace.event_log.partitions")}) - sum(${gauge("millrace.processing.partitions")})`;
  return [
    {
      kind: "number",
      title: "Behind",
      description: "How far the partition that is furthest behind is behind the log. Below a second is usual.",
      unit: "seconds",
      queries: [{ expr: `max(${gauge("millrace.processing.lag.time")})`, legend: "behind" }],
      threshold: { warning: 10, critical: 60 },
      alerts: ["MillraceLagHigh", "MillraceLagGrows", "MillraceLagNearsItsLimit"],
    },
    {
      kind: "number",
      title: "Until visible, 99th percentile",
      description: "From when ingest took an event until it could be asked for.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.processing.event_to_visible", 0.99),
      threshold: { warning: 3, critical: 10 },
      alerts: ["MillraceVisibleLate"],
    },
    {
      kind: "number",
      title: "Partitions that wait",
      description: "They wait for something that is away, or can not go on.",
      unit: "count",
      queries: [{ expr: `sum(${gauge("millrace.processing.stalled")})`, legend: "waiting" }],
      threshold: { critical: 1 },
      alerts: ["MillracePartitionStalled"],
    },
    {
      kind: "number",
      title: "Partitions of nobody",
      description: "The log's partitions that no process owns. Not 0 for seconds while processors come and go.",
      unit: "count",
      queries: [{ expr: unowned, legend: "unowned" }],
      threshold: { critical: 1 },
      alerts: ["MillracePartitionsUnowned"],
    },
    {
      kind: "number",
      title: "Events folded",
      description: "Events per second, whatever became of them.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate(EVENTS, []), legend: "events" }],
    },
    {
      kind: "number",
      title: "Dead letters, last day",
      description: "Events and records that could not be folded and were kept. Replays count again.",
      unit: "count",
      queries: [
        { expr: `sum(increase(${counter("millrace.processing.dead_letter.kept")}[1d]))`, legend: "dead letters" },
      ],
      threshold: { critical: 1 },
      alerts: ["MillraceDeadLetters"],
    },
    {
      kind: "number",
      title: "Claims lost, last day",
      description:
        "How often the Redis of the claims was found emptied: what is sent again after that may count twice.",
      unit: "count",
      queries: [{ expr: `sum(increase(${counter("millrace.claims.losses")}[1d]))`, legend: "losses" }],
      threshold: { critical: 1 },
      alerts: ["MillraceClaimsLost"],
    },
  ];
}

function lag(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Behind, by partition",
      description:
        "The age of the last record folded, where it is not the last of the partition. After a day a partition stops.",
      unit: "seconds",
      queries: [
        { expr: `topk(20, ${gauge("millrace.processing.lag.time")})`, legend: "{{millrace_partition}} {{instance}}" },
      ],
      threshold: { warning: 10, critical: 60 },
      alerts: ["MillraceLagHigh", "MillraceLagGrows", "MillraceLagNearsItsLimit"],
    },
    {
      kind: "lines",
      title: "Events not folded yet",
      description:
        "Roughly: records times the mean number of events in the last ones. The twenty partitions with most.",
      unit: "count",
      queries: [
        { expr: `topk(20, ${gauge("millrace.processing.lag.events")})`, legend: "{{millrace_partition}}" },
        { expr: `sum(${gauge("millrace.processing.lag.events")})`, legend: "all" },
      ],
      alerts: ["MillraceLagGrows"],
    },
    {
      kind: "lines",
      title: "Records not folded yet",
      description: "Records between the end of each partition and the fold. The twenty partitions with most.",
      unit: "count",
      queries: [
        { expr: `topk(20, ${gauge("millrace.processing.lag.records")})`, legend: "{{millrace_partition}}" },
        { expr: `sum(${gauge("millrace.processing.lag.records")})`, legend: "all" },
      ],
    },
    {
      kind: "lines",
      title: "Until visible",
      description: "From when ingest took an event until it could be asked for.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.processing.event_to_visible", 0.5, 0.95, 0.99),
      threshold: { critical: 10 },
      alerts: ["MillraceVisibleLate"],
    },
    {
      kind: "heatmap",
      title: "Until visible, spread",
      description: "Two bands are a partition that is behind, or a tier that is stored more slowly.",
      unit: "seconds",
      queries: [{ expr: spread("millrace.processing.event_to_visible"), legend: "{{le}}" }],
    },
    {
      kind: "lines",
      title: "Stored up to, by tier",
      description:
        "How old the watermark is: up to then everything is in answers. Wider tiers are stored more rarely, and the recent edge is read from 1m.",
      unit: "seconds",
      queries: [
        {
          expr: `max by (millrace_tier) (time() - ${gauge("millrace.processing.watermark")})`,
          legend: "{{millrace_tier}}",
        },
      ],
      alerts: ["MillraceVisibleLate"],
    },
  ];
}

function offsets(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Partitions that wait",
      description:
        "1 while a partition waits for something that is away, or can not go on; the log of the process says for what.",
      unit: "count",
      queries: [{ expr: `${gauge("millrace.processing.stalled")} > 0`, legend: "{{millrace_partition}} {{instance}}" }],
      max: 1,
      alerts: ["MillracePartitionStalled"],
    },
    {
      kind: "lines",
      title: "Folded and not committed",
      description: "Records that are folded again after a crash. Up to a minute's worth is usual.",
      unit: "count",
      queries: [{ expr: `topk(20, ${gauge("millrace.processing.uncommitted")})`, legend: "{{millrace_partition}}" }],
    },
    {
      kind: "lines",
      title: "Offsets per second",
      description: "How fast the log grows, is folded, and is committed. Folding above growing is catching up.",
      unit: "perSecond",
      queries: [
        { expr: `sum(deriv(${gauge("millrace.processing.offset.end")}[5m]))`, legend: "appended" },
        { expr: `sum(deriv(${gauge("millrace.processing.offset.next")}[5m]))`, legend: "folded" },
        { expr: `sum(deriv(${gauge("millrace.processing.offset.committed")}[5m]))`, legend: "committed" },
      ],
      alerts: ["MillraceLagGrows"],
    },
  ];
}

function fold(): Panel[] {
  return [
    {
      kind: "areas",
      title: "Events by what became of them",
      description:
        "Folded, of bots, duplicates, late, or kept as dead letters; what is folded again after a restart counts again.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate(EVENTS, ["millrace.outcome"]), legend: "{{millrace_outcome}}" }],
      alerts: ["MillraceDeadLetters"],
    },
    {
      kind: "lines",
      title: "Events by project",
      description: "The ten projects with most.",
      unit: "eventsPerSecond",
      queries: [{ expr: `topk(10, ${rate(EVENTS, ["millrace.project"])})`, legend: "{{millrace_project}}" }],
    },
    {
      kind: "lines",
      title: "Time to fold a batch",
      description: "Decoding, claiming and folding, waits included.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.processing.fold.duration", 0.5, 0.99),
    },
    {
      kind: "lines",
      title: "Events in a batch",
      description: "Large batches are a sign of catching up.",
      unit: "count",
      queries: [
        { expr: mean("millrace.processing.fold.events", []), legend: "mean" },
        ...percentiles(quantile, "millrace.processing.fold.events", 0.99),
      ],
    },
  ];
}

function flushes(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Time to flush, 99th percentile",
      description: "Until all blocks of a flush were stored, by tier.",
      unit: "seconds",
      queries: [
        { expr: quantile(0.99, "millrace.processing.flush.duration", ["millrace.tier"]), legend: "{{millrace_tier}}" },
      ],
      threshold: { critical: 5 },
      alerts: ["MillraceFlushSlow"],
    },
    {
      kind: "lines",
      title: "Blocks in a flush",
      description: "Mean number of blocks, by tier.",
      unit: "count",
      queries: [{ expr: mean("millrace.processing.flush.blocks", ["millrace.tier"]), legend: "{{millrace_tier}}" }],
    },
    {
      kind: "lines",
      title: "Bytes in a flush",
      description: "Mean size, by tier.",
      unit: "bytes",
      queries: [{ expr: mean("millrace.processing.flush.size", ["millrace.tier"]), legend: "{{millrace_tier}}" }],
    },
  ];
}

function memory(): Panel[] {
  const used = gauge("millrace.processing.block.memory.usage");
  return [
    {
      kind: "lines",
      title: "Memory of blocks, part of the limit",
      description: "Against MILLRACE_BLOCK_BYTES. Near 1 is well used; at 1.25 the fold waits for flushes.",
      unit: "ratio",
      queries: [{ expr: ratio(used, gauge("millrace.processing.block.memory.limit")), legend: "{{instance}}" }],
      threshold: { warning: 1.1, critical: 1.2 },
      max: 1.25,
      alerts: ["MillraceBlocksExhaustMemory"],
    },
    {
      kind: "lines",
      title: "Memory of blocks",
      description: "Bytes, roughly.",
      unit: "bytes",
      queries: [{ expr: used, legend: "{{instance}}" }],
    },
    {
      kind: "lines",
      title: "Blocks and cells in memory",
      description: "Blocks by process, and the cells of those that are open.",
      unit: "count",
      queries: [
        { expr: gauge("millrace.processing.block.count"), legend: "blocks {{instance}}" },
        { expr: gauge("millrace.processing.cell.count"), legend: "cells {{instance}}" },
      ],
    },
  ];
}

function deadLetters(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Dead letters kept, by why",
      description: "Per second. `millrace dead-letters list` shows them.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.processing.dead_letter.kept", ["error.type"]), legend: "{{error_type}}" }],
      alerts: ["MillraceDeadLetters"],
    },
    {
      kind: "lines",
      title: "Dead letters redriven",
      description: "What became of those that were asked to be redriven, per second.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.processing.dead_letter.redriven", ["millrace.outcome"]),
          legend: "{{millrace_outcome}}",
        },
      ],
    },
  ];
}

function tails(): Panel[] {
  return [
    {
      kind: "lines",
      title: "Projects that are tailed",
      description: "Projects whose events are told to whoever looks on.",
      unit: "count",
      queries: [{ expr: gauge("millrace.processing.tails"), legend: "{{instance}}" }],
    },
  ];
}
