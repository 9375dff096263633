import type { Panel, Row } from "../grafana/panel.ts";
import { type Questions, ratio } from "../promql.ts";

/** How many processes there are, and how the one that is worst off is. */
export function processNumbers({ gauge }: Questions): Panel[] {
  return [
    {
      kind: "number",
      title: "Processes",
      description: "Processes that were scraped.",
      unit: "count",
      queries: [{ expr: `count(${gauge("process.uptime")})`, legend: "processes" }],
      threshold: { critical: 1, below: true },
      alerts: ["MillraceServiceGone", "MillraceProcessUnreachable"],
    },
    {
      kind: "number",
      title: "Event loop, worst",
      description: "The longest 99th percentile of the delay of any process's event loop. Some 20 ms are usual.",
      unit: "seconds",
      queries: [{ expr: `max(${gauge("nodejs.eventloop.delay.p99")})`, legend: "p99" }],
      threshold: { warning: 0.1, critical: 0.25 },
      alerts: ["MillraceEventLoopBlocked"],
    },
  ];
}

/** A row about a service's processes, closed: it is for a closer look. */
export function processRow(questions: Questions): Row {
  const panels = [...loopGraphs(questions), ...memoryGraphs(questions), ...lifeGraphs(questions)];
  return { title: "Processes", panels, isClosed: true };
}

function loopGraphs({ gauge, rate }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Processor time",
      description: "Cores in use. One process uses hardly more than one, whatever it is given: add processes instead.",
      unit: "cores",
      queries: [{ expr: rate("process.cpu.time", ["instance"]), legend: "{{instance}}" }],
    },
    {
      kind: "lines",
      title: "Event loop at work",
      description: "The part of the time in which the event loop was busy. Beyond 0.9 calls wait for each other.",
      unit: "ratio",
      queries: [{ expr: gauge("nodejs.eventloop.utilization"), legend: "{{instance}}" }],
      threshold: { warning: 0.75, critical: 0.9 },
      max: 1,
      alerts: ["MillraceEventLoopBusy"],
    },
    {
      kind: "lines",
      title: "Event loop delay",
      description:
        "99th percentile and longest delay since the last scrape; the median is some 20 ms by the way it is measured.",
      unit: "seconds",
      queries: [
        { expr: gauge("nodejs.eventloop.delay.p99"), legend: "p99 {{instance}}" },
        { expr: gauge("nodejs.eventloop.delay.max"), legend: "longest {{instance}}" },
        { expr: gauge("nodejs.eventloop.delay.mean"), legend: "mean {{instance}}" },
        { expr: gauge("nodejs.eventloop.delay.p50"), legend: "median {{instance}}" },
      ],
      threshold: { critical: 0.25 },
      alerts: ["MillraceEventLoopBlocked"],
    },
  ];
}

function memoryGraphs({ gauge }: Questions): Panel[] {
  const heap = ratio(gauge("millrace.process.heap.used"), gauge("millrace.process.heap.limit"));
  const memory = ratio(gauge("process.memory.usage"), gauge("millrace.process.memory.limit"));
  return [
    {
      kind: "lines",
      title: "Memory",
      description: "Resident memory, the heap, and buffers outside of it.",
      unit: "bytes",
      queries: [
        { expr: gauge("process.memory.usage"), legend: "resident {{instance}}" },
        { expr: gauge("millrace.process.heap.used"), legend: "heap {{instance}}" },
        { expr: gauge("millrace.process.buffers"), legend: "buffers {{instance}}" },
      ],
    },
    {
      kind: "lines",
      title: "Memory, part of its limit",
      description:
        "Resident memory against the container's limit, and the heap against its own. At 1 the process ends.",
      unit: "ratio",
      queries: [
        { expr: memory, legend: "container {{instance}}" },
        { expr: heap, legend: "heap {{instance}}" },
      ],
      threshold: { warning: 0.8, critical: 0.9 },
      max: 1,
      alerts: ["MillraceMemoryNearLimit", "MillraceHeapNearLimit"],
    },
  ];
}

function lifeGraphs({ gauge, quantile }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Age",
      description:
        "A line that falls to 0 is a restart. All of them together are an update; one alone again and again is not.",
      unit: "seconds",
      queries: [{ expr: gauge("process.uptime"), legend: "{{instance}}" }],
      alerts: ["MillraceRestarts", "MillraceVersionsDiffer"],
    },
    {
      kind: "lines",
      title: "Draining",
      description: "How long processes that are stopping have been at it. After their deadline they end by force.",
      unit: "seconds",
      queries: [
        { expr: `${gauge("millrace.drain.elapsed")} > 0`, legend: "since {{instance}}" },
        {
          expr: quantile(0.99, "millrace.drain.duration", ["millrace.component"]),
          legend: "p99 {{millrace_component}}",
        },
      ],
      threshold: { critical: 30 },
      alerts: ["MillraceDrainTooLong"],
    },
    {
      kind: "lines",
      title: "Certificate, time left",
      description:
        "Until the certificate that a process shows ends. Empty where services speak without TLS of their own.",
      unit: "seconds",
      queries: [{ expr: `${gauge("millrace.tls.certificate.expiry")} - time()`, legend: "{{instance}}" }],
      threshold: { warning: 1_209_600, critical: 172_800, below: true },
      isSigned: true,
      alerts: ["MillraceCertificateEndsSoon", "MillraceCertificateEnds"],
    },
  ];
}
