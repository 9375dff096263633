import type { Panel } from "../../grafana/panel.ts";
import { type Questions, ratio } from "../../promql.ts";

/** Blocks on their way into the store. */
export function flushGraphs({ quantile, mean }: Questions): Panel[] {
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

/** Blocks in memory. */
export function blockMemoryGraphs({ gauge }: Questions): Panel[] {
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
