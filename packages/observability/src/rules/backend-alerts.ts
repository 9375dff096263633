import { everywhere, questionsIn, ratio } from "../promql.ts";
import type { Alert, RuleGroup } from "./rule.ts";

const { rate, gauge, seen } = questionsIn(everywhere("5m"));
const slowly = questionsIn(everywhere("15m"));

const BY_SERVICE = ["namespace", "service_name"] as const;
/** Answers that the store gives on purpose, and callers that went away, are no failures of it. */
const NO_FAULTS = "!/stale|exists|notFound|precondition|outOfRange|invalid|cancelled/";
const LIVE = "/publish|subscribe/";

const alerts: readonly Alert[] = [
  {
    name: "MillraceCellStoreFails",
    severity: "critical",
    for: "5m",
    expr: failing("millrace.cell_store.errors", "millrace.cell_store.duration"),
    summary: "{{ $value | humanizePercentage }} of calls of {{ $labels.service_name }} to the cell store fail",
    description:
      "Processing waits, and reporting answers unavailable for what it has not at hand. Events are taken all the same.",
    service: "processing",
  },
  {
    name: "MillraceRecordStoreFails",
    severity: "warning",
    for: "5m",
    expr: failing("millrace.record_store.errors", "millrace.record_store.duration"),
    summary: "{{ $value | humanizePercentage }} of calls of {{ $labels.service_name }} to the record store fail",
    description:
      "Nobody can sign in or change the configuration. Keys and definitions that services know go on working.",
    service: "config",
  },
  {
    name: "MillraceClaimsFail",
    severity: "critical",
    for: "5m",
    expr: `${failing("millrace.claims.errors", "millrace.claims.duration")} and on (namespace, service_name) ${seen("millrace.claims.duration", BY_SERVICE, { "millrace.operation": "claim" })} > 0`,
    summary: "{{ $value | humanizePercentage }} of calls of {{ $labels.service_name }} to the claims fail",
    description:
      "Partitions wait until the Redis of the claims is back. Events are taken all the same, and wait in the log.",
    service: "processing",
  },
  {
    name: "MillraceBreakerOpen",
    severity: "warning",
    for: "2m",
    expr: `max by (namespace, service_name, millrace_breaker) (max_over_time(${gauge("millrace.breaker.state", { "millrace.state": "open" })}[1m])) == 1`,
    summary: "{{ $labels.service_name }} has stopped calling the Redis of the {{ $labels.millrace_breaker }}",
    description: "More than half of the calls of a minute failed; one is tried every 30 seconds.",
    service: "processing",
  },
  {
    name: "MillraceConfigAway",
    severity: "warning",
    for: "5m",
    expr: `count by (namespace, service_name) (max_over_time(${gauge("millrace.snapshot.watching")}[1m]) == 0) > 0`,
    summary: "{{ $value }} processes of {{ $labels.service_name }} do not hear from config",
    description: "They go on with what they know: new keys, revoked keys and changes do not reach them.",
    service: "config",
  },
  {
    name: "MillraceLiveUpdatesFail",
    severity: "warning",
    for: "15m",
    expr: `${slowly.rate("millrace.cache.errors", BY_SERVICE, { "millrace.operation": LIVE })} > 0.1`,
    summary: "{{ $labels.service_name }} fails {{ $value | humanize }} times a second to pass on live updates",
    description: "Watched questions are answered again by reading instead, and tails have gaps. No number is wrong.",
    service: "reporting",
  },
  {
    name: "MillraceTailsLeaveOut",
    severity: "info",
    for: "15m",
    expr: `${ratio(
      slowly.rate("millrace.reporting.tail.events", ["namespace"], { "millrace.outcome": "left_out" }),
      slowly.rate("millrace.reporting.tail.events", ["namespace"]),
    )} > 0.5`,
    summary: "Tails leave out {{ $value | humanizePercentage }} of events",
    description: "Whoever looks on sees a sample, and is told so. Nothing that counts is lost by it.",
    service: "reporting",
  },
];

/** Alerts about what services stand on, and about each other. */
export const BACKEND_ALERTS: RuleGroup = { name: "millrace.backends", rules: alerts };

function failing(
  errors: "millrace.cell_store.errors" | "millrace.record_store.errors" | "millrace.claims.errors",
  calls: "millrace.cell_store.duration" | "millrace.record_store.duration" | "millrace.claims.duration",
): string {
  return `${ratio(rate(errors, BY_SERVICE, { "error.type": NO_FAULTS }), seen(calls, BY_SERVICE))} > 0.05`;
}
