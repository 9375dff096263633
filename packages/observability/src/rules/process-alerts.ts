import { everywhere, questionsIn, ratio, releases } from "../promql.ts";
import type { Alert, RuleGroup } from "./rule.ts";

const { gauge, seen } = questionsIn(everywhere("5m"));

const UPTIME = gauge("process.uptime");
/** The parts of a process's name that both its series and those of its scrapes have. */
const TARGET = "namespace, job, instance";
const DAY = 86_400;

const alerts: readonly Alert[] = [
  {
    name: "MillraceServiceGone",
    severity: "critical",
    for: "3m",
    expr: `count by (namespace, service_name) (last_over_time(${UPTIME}[1d])) unless count by (namespace, service_name) (${UPTIME})`,
    summary: "Not one process of {{ $labels.service_name }} is to be seen",
    description: "There was one within the last day. docs/guarantees.md says what goes on without it.",
  },
  {
    name: "MillraceProcessUnreachable",
    severity: "warning",
    for: "5m",
    expr: `up == 0 and on (${TARGET}) last_over_time(${UPTIME}[6h])`,
    summary: "{{ $labels.instance }} of {{ $labels.job }} does not answer",
    description: "The process is up to nothing or waits for its servers: it has no port before they are there.",
  },
  {
    name: "MillraceRestarts",
    severity: "warning",
    for: "0m",
    expr: `max by (namespace, service_name, instance) (resets(${UPTIME}[30m])) > 2`,
    summary: "{{ $labels.instance }} of {{ $labels.service_name }} began {{ $value }} times anew in half an hour",
    description:
      "It ends by itself or is ended: for want of memory, by its probes, or since it can not go on and says why.",
  },
  {
    name: "MillraceVersionsDiffer",
    severity: "info",
    for: "2h",
    expr: `count by (namespace) (count by (namespace, service_version) (${releases(everywhere("5m"))})) > 1`,
    summary: "{{ $value }} versions have been running beside each other for two hours",
    description: "They work together, as far as they are neighbours. An update may have got stuck.",
  },
  {
    name: "MillraceInternalErrors",
    severity: "warning",
    for: "5m",
    expr: `${seen("rpc.server.call.duration", ["namespace", "service_name", "rpc.method"], { "rpc.response.status_code": "/internal|unknown|data_loss|http_500/" })} > 0`,
    summary: "{{ $labels.service_name }} answers {{ $labels.rpc_method }} with internal errors",
    description: "A defect, or data that can not be read. Each has an id in the answer and in the log.",
  },
  {
    name: "MillraceEventLoopBlocked",
    severity: "warning",
    for: "10m",
    expr: `${gauge("nodejs.eventloop.delay.p99")} > 0.25`,
    summary: "The event loop of {{ $labels.instance }} is held up for {{ $value | humanizeDuration }}",
    description:
      "Every call of the process waits as long. Beyond seconds it loses its partitions, or fails its probes.",
  },
  {
    name: "MillraceEventLoopBusy",
    severity: "warning",
    for: "15m",
    expr: `${gauge("nodejs.eventloop.utilization")} > 0.9`,
    summary: "The event loop of {{ $labels.instance }} is at work {{ $value | humanizePercentage }} of the time",
    description: "The process is at its limit: one process uses hardly more than one core. More of them are needed.",
  },
  {
    name: "MillraceHeapNearLimit",
    severity: "warning",
    for: "10m",
    expr: `min_over_time((${ratio(gauge("millrace.process.heap.used"), gauge("millrace.process.heap.limit"))})[5m:30s]) > 0.9`,
    summary: "The heap of {{ $labels.instance }} stays at {{ $value | humanizePercentage }} of its limit",
    description: "At the limit the process ends. What is acknowledged is safe; calls under way fail.",
  },
  {
    name: "MillraceMemoryNearLimit",
    severity: "warning",
    for: "10m",
    expr: `${ratio(gauge("process.memory.usage"), gauge("millrace.process.memory.limit"))} > 0.9`,
    summary: "{{ $labels.instance }} takes {{ $value | humanizePercentage }} of the memory of its container",
    description: "At the limit the system ends the process. What is acknowledged is safe; calls under way fail.",
  },
  {
    name: "MillraceDrainTooLong",
    severity: "warning",
    for: "0m",
    expr: `${gauge("millrace.drain.elapsed")} > 60`,
    summary: "{{ $labels.instance }} has been stopping for {{ $value | humanizeDuration }}",
    description:
      "It is past its deadline and will be ended by force: calls are cut off, partitions are folded again from their last commit.",
  },
  {
    name: "MillraceCertificateEndsSoon",
    severity: "warning",
    for: "1h",
    expr: `${gauge("millrace.tls.certificate.expiry")} - time() < ${14 * DAY}`,
    summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
    description: "What renews it has not done so. After that services refuse each other.",
  },
  {
    name: "MillraceCertificateEnds",
    severity: "critical",
    for: "5m",
    expr: `${gauge("millrace.tls.certificate.expiry")} - time() < ${2 * DAY}`,
    summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
    description: "After that services refuse each other: events and questions are answered unavailable.",
  },
];

/** Alerts about processes, whichever service they are of. */
export const PROCESS_ALERTS: RuleGroup = { name: "millrace.processes", rules: alerts };
