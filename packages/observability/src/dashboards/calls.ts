import type { Panel } from "../grafana/panel.ts";
import { FAULTS } from "../objectives.ts";
import { type Questions, ratio } from "../promql.ts";

const DURATION = "rpc.server.call.duration";
/** Calls that stay open for as long as the caller likes: their length says nothing of how quick we are. */
const SHORT_CALLS = "!/.*/(Watch|Tail|Stream|WatchChanges|RedriveDeadLetters)|grpc.health.*/";

/** The golden signals of a service's calls, as numbers. */
export function callNumbers({ seen, quantile }: Questions): Panel[] {
  return [
    {
      kind: "number",
      title: "Calls",
      description: "Calls that ended, per second.",
      unit: "callsPerSecond",
      queries: [{ expr: seen(DURATION, []), legend: "calls" }],
    },
    {
      kind: "number",
      title: "Calls that failed",
      description: "The part of all calls that failed for reasons of ours. Usually 0; a restart may leave a trace.",
      unit: "ratio",
      queries: [
        {
          expr: `${ratio(`${seen(DURATION, [], { "rpc.response.status_code": FAULTS })} or vector(0)`, seen(DURATION, []))}`,
          legend: "failed",
        },
      ],
      threshold: { warning: 0.001, critical: 0.01 },
      alerts: ["MillraceInternalErrors"],
    },
    {
      kind: "number",
      title: "Calls, 99th percentile",
      description: "Ninety-nine of a hundred calls were answered in less; streams are left out.",
      unit: "seconds",
      queries: [{ expr: quantile(0.99, DURATION, [], { "rpc.method": SHORT_CALLS }), legend: "p99" }],
      threshold: { warning: 0.5, critical: 1 },
    },
  ];
}

/** A service's calls, each by its method. */
export function callGraphs({ seen, quantile, gauge }: Questions): Panel[] {
  return [
    {
      kind: "areas",
      title: "Calls by method",
      description: "Which calls come, per second.",
      unit: "callsPerSecond",
      queries: [{ expr: seen(DURATION, ["rpc.method"]), legend: "{{rpc_method}}" }],
    },
    {
      kind: "lines",
      title: "Calls by what was answered",
      description: "Everything but ok. What callers do wrong is here too, such as invalid_argument or unauthenticated.",
      unit: "callsPerSecond",
      queries: [
        {
          expr: seen(DURATION, ["rpc.method", "rpc.response.status_code"], { "rpc.response.status_code": "!ok" }),
          legend: "{{rpc_response_status_code}} {{rpc_method}}",
        },
      ],
      alerts: ["MillraceInternalErrors"],
    },
    {
      kind: "lines",
      title: "Time to answer, 99th percentile",
      description: "By method; streams are left out, since they last as long as the caller likes.",
      unit: "seconds",
      queries: [
        { expr: quantile(0.99, DURATION, ["rpc.method"], { "rpc.method": SHORT_CALLS }), legend: "{{rpc_method}}" },
      ],
    },
    {
      kind: "lines",
      title: "Calls under way",
      description: "Calls and streams that are open, by process.",
      unit: "count",
      queries: [{ expr: gauge("millrace.server.active_calls"), legend: "{{instance}}" }],
    },
  ];
}
