import type { Panel } from "../grafana/panel.ts";
import { type Questions, ratio } from "../promql.ts";

/** The claims: whose event it is. */
export function claimGraphs({ rate, quantile }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Calls to the claims, 99th percentile",
      description: "By call. The fold waits for `claim`; ingest does without `lookup` when it is slow.",
      unit: "seconds",
      queries: [
        { expr: quantile(0.99, "millrace.claims.duration", ["millrace.operation"]), legend: "{{millrace_operation}}" },
      ],
    },
    {
      kind: "lines",
      title: "Ids claimed, looked up, released",
      description: "Ids of events per second.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.claims.ids", ["millrace.operation"]), legend: "{{millrace_operation}}" }],
    },
    {
      kind: "lines",
      title: "Calls to the claims that failed",
      description: "Partitions wait while claims fail.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.claims.errors", ["millrace.operation", "error.type"]),
          legend: "{{millrace_operation}} {{error_type}}",
        },
      ],
      alerts: ["MillraceClaimsFail"],
    },
  ];
}

/** The cache and its channels, and the breakers before both installations of Redis. */
export function cacheGraphs({ rate, quantile, gauge }: Questions): Panel[] {
  const requests = "millrace.cache.requests";
  return [
    {
      kind: "lines",
      title: "Cache, part that was there",
      description: "Values found of those asked for. Without the cache everything works, more slowly.",
      unit: "ratio",
      queries: [
        { expr: ratio(rate(requests, [], { "millrace.outcome": "hit" }), rate(requests, [])), legend: "there" },
      ],
      max: 1,
    },
    {
      kind: "lines",
      title: "Calls to the cache, 99th percentile",
      description: "By call; a healthy one takes a millisecond or two.",
      unit: "seconds",
      queries: [
        { expr: quantile(0.99, "millrace.cache.duration", ["millrace.operation"]), legend: "{{millrace_operation}}" },
      ],
    },
    {
      kind: "lines",
      title: "Cache: asked, told, failed",
      description: "Values asked for, messages published, and calls that failed, per second.",
      unit: "perSecond",
      queries: [
        { expr: rate(requests, ["millrace.outcome"]), legend: "asked: {{millrace_outcome}}" },
        { expr: rate("millrace.cache.messages", []), legend: "messages" },
        {
          expr: rate("millrace.cache.errors", ["millrace.operation", "error.type"]),
          legend: "failed: {{millrace_operation}} {{error_type}}",
        },
      ],
      alerts: ["MillraceLiveUpdatesFail"],
    },
    {
      kind: "lines",
      title: "Breakers that are open",
      description: "1 while nothing is sent to a Redis that failed too often; it is tried again every 30 s.",
      unit: "count",
      queries: [
        {
          expr: gauge("millrace.breaker.state", { "millrace.state": "open" }),
          legend: "{{millrace_breaker}} {{instance}}",
        },
      ],
      max: 1,
      alerts: ["MillraceBreakerOpen"],
    },
  ];
}
