import type { Panel } from "../grafana/panel.ts";
import type { Questions } from "../promql.ts";

/** The cell store: blocks and small states. */
export function cellStoreGraphs({ rate, quantile, seen }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Calls to the cell store, 99th percentile",
      description: "By call; a scan lasts as long as its reader takes.",
      unit: "seconds",
      queries: [
        {
          expr: quantile(0.99, "millrace.cell_store.duration", ["millrace.operation", "millrace.backend"]),
          legend: "{{millrace_operation}} {{millrace_backend}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Calls to the cell store",
      description: "Calls and, below them, those that failed.",
      unit: "perSecond",
      queries: [
        { expr: seen("millrace.cell_store.duration", ["millrace.operation"]), legend: "{{millrace_operation}}" },
        {
          expr: rate("millrace.cell_store.errors", ["millrace.operation", "error.type"]),
          legend: "failed: {{millrace_operation}} {{error_type}}",
        },
      ],
      alerts: ["MillraceCellStoreFails"],
    },
    {
      kind: "lines",
      title: "Blocks and states moved",
      description: "Rows per second, by call.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.cell_store.rows", ["millrace.operation"]), legend: "{{millrace_operation}}" }],
    },
    {
      kind: "lines",
      title: "Bytes moved",
      description: "Bytes of blocks and states per second, by call, before Cassandra's replication.",
      unit: "bytesPerSecond",
      queries: [{ expr: rate("millrace.cell_store.io", ["millrace.operation"]), legend: "{{millrace_operation}}" }],
    },
  ];
}

/** The record store: projects, keys, definitions, sessions. */
export function recordStoreGraphs({ rate, quantile, seen }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Calls to the record store, 99th percentile",
      description: "By call. `put` compares before it sets, and takes several round trips between Cassandra's nodes.",
      unit: "seconds",
      queries: [
        {
          expr: quantile(0.99, "millrace.record_store.duration", ["millrace.operation", "millrace.backend"]),
          legend: "{{millrace_operation}} {{millrace_backend}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Calls to the record store",
      description: "Calls and, below them, those that failed. `stale` is no fault: somebody else was faster.",
      unit: "perSecond",
      queries: [
        { expr: seen("millrace.record_store.duration", ["millrace.operation"]), legend: "{{millrace_operation}}" },
        {
          expr: rate("millrace.record_store.errors", ["millrace.operation", "error.type"]),
          legend: "failed: {{millrace_operation}} {{error_type}}",
        },
      ],
      alerts: ["MillraceRecordStoreFails"],
    },
    {
      kind: "lines",
      title: "Records and notices moved",
      description: "Rows per second, by call.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.record_store.rows", ["millrace.operation"]), legend: "{{millrace_operation}}" }],
    },
    {
      kind: "lines",
      title: "Bytes of records moved",
      description: "Bytes per second, by call.",
      unit: "bytesPerSecond",
      queries: [{ expr: rate("millrace.record_store.io", ["millrace.operation"]), legend: "{{millrace_operation}}" }],
    },
  ];
}
