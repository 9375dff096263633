import type { Panel } from "../../grafana/panel.ts";
import { FAULTS } from "../../objectives.ts";
import type { Questions } from "../../promql.ts";

/** What fails: calls to backends, what is done without meanwhile, and what comes of it for callers and events. */
export function failureGraphs({ rate, gauge, increase, seen }: Questions): Panel[] {
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
