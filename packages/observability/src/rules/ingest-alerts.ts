import { SENDING } from "../objectives.ts";
import { everywhere, questionsIn, ratio, shareOf } from "../promql.ts";
import type { Alert, RuleGroup } from "./rule.ts";

const { rate, gauge, quantile, seen } = questionsIn(everywhere("5m"));
const slowly = questionsIn(everywhere("15m"));
const hourly = questionsIn(everywhere("1h"));

const EVENTS = "millrace.ingest.events";
const BY_NAMESPACE = ["namespace"] as const;
const BY_SERVICE = ["namespace", "service_name"] as const;
const ACCEPTED = { "millrace.outcome": "accepted" } as const;
const CALLS = "rpc.server.call.duration";
const IN_FLIGHT = ratio(gauge("millrace.ingest.in_flight.usage"), gauge("millrace.ingest.in_flight.limit"));
/** A reason is worth a word when it takes a noticeable part of the events, and not for the three of a quiet night. */
const EVENTS_PER_SECOND_MIN = 0.1;

const alerts: readonly Alert[] = [
  {
    name: "MillraceIngestRefuses",
    severity: "critical",
    for: "5m",
    expr: `${ratio(seen(CALLS, BY_NAMESPACE, { "rpc.method": SENDING, "rpc.response.status_code": "/resource_exhausted|http_429/" }), seen(CALLS, BY_NAMESPACE, { "rpc.method": SENDING }))} > 0.05`,
    summary: "Ingest refuses {{ $value | humanizePercentage }} of calls: more comes than it can hold",
    description:
      "Producers are told to come back later. Nothing is lost as long as they do; those that give up lose events.",
    service: "ingest",
  },
  {
    name: "MillraceIngestNearlyFull",
    severity: "warning",
    for: "10m",
    expr: `${IN_FLIGHT} > 0.9`,
    summary: "{{ $labels.instance }} holds {{ $value | humanizePercentage }} of the bytes that it may",
    description: "Streams wait, and calls will be refused. Either the log is slow or there are too few processes.",
    service: "ingest",
  },
  {
    name: "MillraceAppendsFail",
    severity: "critical",
    for: "3m",
    expr: `${ratio(
      rate("millrace.event_log.errors", BY_SERVICE, { "millrace.operation": "append" }),
      seen("millrace.event_log.append.duration", BY_SERVICE),
    )} > 0.05`,
    summary: "{{ $value | humanizePercentage }} of appends of {{ $labels.service_name }} to the log fail",
    description: "What is not in the log is not acknowledged: producers are asked to send again.",
    service: "ingest",
  },
  {
    name: "MillraceAppendsSlow",
    severity: "warning",
    for: "10m",
    expr: `${quantile(0.99, "millrace.event_log.append.duration", BY_SERVICE)} > 1`,
    summary: "One of a hundred appends of {{ $labels.service_name }} takes {{ $value | humanizeDuration }}",
    description:
      "Producers wait as long for their acknowledgements, and ingest holds their events in memory meanwhile.",
    service: "ingest",
  },
  {
    name: "MillraceAppendsUnclear",
    severity: "warning",
    for: "15m",
    expr: `${slowly.increase("millrace.event_log.kafka.producer.renewals", BY_SERVICE)} > 10`,
    summary:
      "{{ $labels.service_name }} did not hear {{ $value | humanize }} times in 15 minutes what became of an append",
    description:
      "Such events are sent again and count once, but each time costs a timeout: a broker or the way to it is ill.",
    service: "ingest",
  },
  {
    name: "MillraceEventsRejected",
    severity: "warning",
    for: "15m",
    expr: `${shareOf(
      slowly.rate(EVENTS, ["namespace", "error.type"], { "millrace.outcome": "rejected" }),
      `${slowly.rate(EVENTS, BY_NAMESPACE)} > ${EVENTS_PER_SECOND_MIN}`,
      BY_NAMESPACE,
    )} > 0.05`,
    summary: "{{ $value | humanizePercentage }} of events are rejected: {{ $labels.error_type }}",
    description: "A sender sends what is not allowed, such as after a release of its own. These events are not kept.",
    service: "ingest",
  },
  {
    name: "MillraceEventsLate",
    severity: "warning",
    for: "30m",
    expr: `${ratio(
      slowly.rate("millrace.ingest.late_events", ["namespace", "millrace.project"]),
      `${slowly.rate(EVENTS, ["namespace", "millrace.project"], ACCEPTED)} > ${EVENTS_PER_SECOND_MIN}`,
    )} > 0.05`,
    summary: "{{ $value | humanizePercentage }} of the events of {{ $labels.millrace_project }} are too late to count",
    description:
      "They are in the log and in the accounts, and not in numbers. A sender's clock is wrong, or it held events back.",
    service: "ingest",
  },
  {
    name: "MillraceManyDuplicates",
    severity: "info",
    for: "30m",
    expr: `${ratio(
      rate(EVENTS, BY_NAMESPACE, { "millrace.outcome": "duplicate" }),
      `${rate(EVENTS, BY_NAMESPACE)} > ${EVENTS_PER_SECOND_MIN}`,
    )} > 0.2`,
    summary: "{{ $value | humanizePercentage }} of events were known already",
    description:
      "They count once. Producers send again what was acknowledged, as when answers do not reach them in time.",
    service: "ingest",
  },
  {
    name: "MillraceNoEvents",
    severity: "warning",
    for: "10m",
    expr: `(${rate(EVENTS, BY_NAMESPACE, ACCEPTED)} == 0) and (${hourly.rate(EVENTS, BY_NAMESPACE, ACCEPTED)} > 1)`,
    summary: "No events come in, and some did within the last hour",
    description: "Either nobody sends, or events do not reach ingest: what is in front of it may be down.",
    service: "ingest",
  },
];

/** Alerts about events on their way in. */
export const INGEST_ALERTS: RuleGroup = { name: "millrace.ingest", rules: alerts };
