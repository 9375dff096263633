import { everywhere, questionsIn, ratio } from "../promql.ts";
import type { Alert, RuleGroup } from "./rule.ts";

const { gauge, quantile } = questionsIn(everywhere("5m"));
const slowly = questionsIn(everywhere("15m"));
const halfHourly = questionsIn(everywhere("30m"));
const hourly = questionsIn(everywhere("1h"));

const BY_NAMESPACE = ["namespace"] as const;
const BEHIND = `max by (namespace) (${gauge("millrace.processing.lag.time")})`;
const LOG_PARTITIONS = `max by (namespace) (${gauge("millrace.event_log.partitions")})`;
/** Claims are kept for the late window and a day: a partition that is a day behind stops. */
const HALF_A_DAY = 43_200;

const alerts: readonly Alert[] = [
  {
    name: "MillraceLagHigh",
    severity: "warning",
    for: "10m",
    expr: `${BEHIND} > 60`,
    summary: "Processing is {{ $value | humanizeDuration }} behind",
    description: "Answers lack the last events. Nothing is lost: they are in the log.",
    service: "processing",
  },
  {
    name: "MillraceLagGrows",
    severity: "critical",
    for: "15m",
    expr: `${BEHIND} > 300 and sum by (namespace) (deriv(${gauge("millrace.processing.lag.events")}[15m])) > 0`,
    summary: "Processing is {{ $value | humanizeDuration }} behind, and falls further behind",
    description: "More comes than is folded. It does not end by itself, unless less comes.",
    service: "processing",
  },
  {
    name: "MillraceLagNearsItsLimit",
    severity: "critical",
    for: "5m",
    expr: `max by (namespace, millrace_partition) (${gauge("millrace.processing.lag.time")}) > ${HALF_A_DAY}`,
    summary:
      "Partition {{ $labels.millrace_partition }} is {{ $value | humanizeDuration }} behind; at 24 hours it stops",
    description: "A partition that is a day behind stops, rather than count an event twice whose claim has expired.",
    service: "processing",
  },
  {
    name: "MillracePartitionsUnowned",
    severity: "critical",
    for: "5m",
    expr: `${LOG_PARTITIONS} - (sum by (namespace) (${gauge("millrace.processing.partitions")}) or 0 * ${LOG_PARTITIONS}) > 0`,
    summary: "{{ $value }} partitions of the log are owned by no processor",
    description: "Their events are acknowledged and wait in the log; answers lack them from now on.",
    service: "processing",
  },
  {
    name: "MillracePartitionStalled",
    severity: "critical",
    for: "5m",
    expr: `max by (namespace, millrace_partition) (min_over_time(${gauge("millrace.processing.stalled")}[2m])) == 1`,
    summary: "Partition {{ $labels.millrace_partition }} waits",
    description:
      "It waits for Cassandra, the claims or config, or it can not go on: records were lost, or the log is another one.",
    service: "processing",
  },
  {
    name: "MillraceDeadLetters",
    severity: "warning",
    for: "0m",
    expr: `${slowly.increase("millrace.processing.dead_letter.kept", ["namespace", "error.type"])} > 0`,
    summary: "{{ $value | humanize }} events could not be folded in 15 minutes: {{ $labels.error_type }}",
    description: "They are kept as dead letters and do not count until they are redriven.",
    service: "processing",
  },
  {
    name: "MillraceFlushSlow",
    severity: "warning",
    for: "15m",
    expr: `${quantile(0.99, "millrace.processing.flush.duration", BY_NAMESPACE, { "millrace.tier": "1m" })} > 5`,
    summary: "One of a hundred flushes takes {{ $value | humanizeDuration }}",
    description: "Answers are behind by as much. When blocks fill their memory the fold waits, and the lag grows.",
    service: "processing",
  },
  {
    name: "MillraceVisibleLate",
    severity: "warning",
    for: "10m",
    expr: `${quantile(0.99, "millrace.processing.event_to_visible", BY_NAMESPACE)} > 10`,
    summary: "One of a hundred events can be asked for only after {{ $value | humanizeDuration }}",
    description: "Answers are right up to their watermark, which is further back than usual.",
    service: "processing",
  },
  {
    name: "MillraceBlocksExhaustMemory",
    severity: "warning",
    for: "10m",
    expr: `${ratio(gauge("millrace.processing.block.memory.usage"), gauge("millrace.processing.block.memory.limit"))} > 1.2`,
    summary: "Blocks of {{ $labels.instance }} take {{ $value | humanizePercentage }} of the memory that they may",
    description:
      "At 125 % the fold waits. More is to be stored than there is room for: the store is slow, or there are more cells than before.",
    service: "processing",
  },
  {
    name: "MillraceRebalancesOften",
    severity: "warning",
    for: "5m",
    expr: `max by (namespace) (${halfHourly.increase("millrace.event_log.kafka.rebalances", ["namespace", "instance"])}) > 10`,
    summary: "Partitions were shared out {{ $value | humanize }} times in half an hour",
    description: "Each time all partitions pause for a moment, and what was not committed is folded again.",
    service: "processing",
  },
  {
    name: "MillraceClaimsLost",
    severity: "critical",
    for: "0m",
    expr: `${hourly.increase("millrace.claims.losses", BY_NAMESPACE)} > 0`,
    summary: "The Redis of the claims was found emptied",
    description:
      "Events that were counted before and are sent again from now on count twice, until the late window has passed.",
    service: "processing",
  },
];

/** Alerts about events on their way from the log into the store. */
export const PROCESSING_ALERTS: RuleGroup = { name: "millrace.processing", rules: alerts };
