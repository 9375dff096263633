import type { Panel } from "../../grafana/panel.ts";
import { CHOSEN } from "../../grafana/variables.ts";
import { type Questions, ratio, releases } from "../../promql.ts";

/** The processes of each service together. */
export function serviceGraphs({ rate, gauge }: Questions): Panel[] {
  const memory = ratio(gauge("process.memory.usage"), gauge("millrace.process.memory.limit"));
  return [
    {
      kind: "lines",
      title: "Processes",
      description: "How many there are. Two versions of one service beside each other are an update.",
      unit: "count",
      queries: [
        {
          expr: `count by (service_name, service_version) (${releases(CHOSEN)})`,
          legend: "{{service_name}} {{service_version}}",
        },
      ],
      alerts: ["MillraceServiceGone", "MillraceVersionsDiffer", "MillraceRestarts"],
    },
    {
      kind: "lines",
      title: "Processor time",
      description: "Cores in use, by service.",
      unit: "cores",
      queries: [{ expr: rate("process.cpu.time", ["service_name"]), legend: "{{service_name}}" }],
    },
    {
      kind: "lines",
      title: "Memory, part of the container's limit",
      description: "The process that is nearest to its limit, by service.",
      unit: "ratio",
      queries: [{ expr: `max by (service_name) (${memory})`, legend: "{{service_name}}" }],
      threshold: { warning: 0.8, critical: 0.9 },
      max: 1,
      alerts: ["MillraceMemoryNearLimit"],
    },
    {
      kind: "lines",
      title: "Event loop delay, p99",
      description: "The process with the longest, by service.",
      unit: "seconds",
      queries: [{ expr: `max by (service_name) (${gauge("nodejs.eventloop.delay.p99")})`, legend: "{{service_name}}" }],
      threshold: { critical: 0.25 },
      alerts: ["MillraceEventLoopBlocked"],
    },
  ];
}
