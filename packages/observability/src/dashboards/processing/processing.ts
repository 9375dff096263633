import type { DashboardSource, Panel } from "../../grafana/panel.ts";
import { questionsOf } from "../../grafana/variables.ts";
import { callGraphs } from "../calls.ts";
import { appendGraphs, consumeGraphs } from "../log.ts";
import { percentiles } from "../percentiles.ts";
import { processNumbers, processRow } from "../process.ts";
import { cacheGraphs, claimGraphs } from "../redis.ts";
import { snapshotGraphs } from "../snapshot.ts";
import { cellStoreGraphs } from "../stores.ts";
import { blockMemoryGraphs, flushGraphs } from "./blocks.ts";
import { deadLetterGraphs, foldGraphs } from "./fold.ts";
import { lagGraphs, offsetGraphs } from "./lag.ts";

const asked = questionsOf("processing");
const { rate, gauge, counter, quantile } = asked;

/** Processing: does it keep up, is anything stuck, and does what is folded become durable. */
export const PROCESSING: DashboardSource = {
  uid: "millrace-processing",
  title: "Millrace / Processing",
  description: "Owns partitions of the log, folds their events into cells, and stores them.",
  service: "processing",
  rows: [
    { title: "Is it healthy", panels: [...progressNumbers(), ...eventNumbers(), ...processNumbers(asked)] },
    { title: "How far behind", panels: lagGraphs(asked) },
    { title: "Partitions", panels: [...consumeGraphs(asked), ...offsetGraphs(asked)] },
    { title: "The fold", panels: foldGraphs(asked) },
    { title: "Flushes", panels: flushGraphs(asked) },
    { title: "Memory of blocks", panels: blockMemoryGraphs(asked) },
    { title: "Claims", panels: claimGraphs(asked) },
    { title: "Cell store", panels: cellStoreGraphs(asked) },
    { title: "Dead letters", panels: deadLetterGraphs(asked) },
    {
      title: "The cache, tails, configuration",
      panels: [...cacheGraphs(asked), tails(), ...snapshotGraphs(asked)],
      isClosed: true,
    },
    { title: "Calls", panels: callGraphs(asked), isClosed: true },
    { title: "Appends of dead letters and of events that are redriven", panels: appendGraphs(asked), isClosed: true },
    processRow(asked),
  ],
};

function progressNumbers(): Panel[] {
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
  ];
}

function eventNumbers(): Panel[] {
  return [
    {
      kind: "number",
      title: "Events folded",
      description: "Events per second, whatever became of them.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate("millrace.processing.events", []), legend: "events" }],
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

function tails(): Panel {
  return {
    kind: "lines",
    title: "Projects that are tailed",
    description: "Projects whose events are told to whoever looks on.",
    unit: "count",
    queries: [{ expr: gauge("millrace.processing.tails"), legend: "{{instance}}" }],
  };
}
