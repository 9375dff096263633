import type { Panel } from "../../grafana/panel.ts";
import type { Questions } from "../../promql.ts";
import { percentiles } from "../percentiles.ts";

/** How far answers are behind: in time, in events, and in what is stored. */
export function lagGraphs({ gauge, quantile, spread }: Questions): Panel[] {
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

/** How partitions go on: which of them wait, and how far each is folded and committed. */
export function offsetGraphs({ gauge }: Questions): Panel[] {
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
