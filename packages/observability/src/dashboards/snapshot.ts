import type { Panel } from "../grafana/panel.ts";
import { type Questions, ratio } from "../promql.ts";

/** What a service knows of the configuration. */
export function snapshotGraphs({ gauge, rate }: Questions): Panel[] {
  const lookups = "millrace.snapshot.lookups";
  return [
    {
      kind: "lines",
      title: "Told of changes by config",
      description: "1 while config tells the process of changes. At 0 it goes on with what it knows, which may be old.",
      unit: "count",
      queries: [{ expr: gauge("millrace.snapshot.watching"), legend: "{{instance}}" }],
      max: 1,
      alerts: ["MillraceConfigAway"],
    },
    {
      kind: "lines",
      title: "Configuration known already",
      description: "The part of lookups that was answered from memory. Near 1, but after a start.",
      unit: "ratio",
      queries: [
        {
          expr: ratio(
            rate(lookups, ["millrace.snapshot.cache"], { "millrace.outcome": "hit" }),
            rate(lookups, ["millrace.snapshot.cache"]),
          ),
          legend: "{{millrace_snapshot_cache}}",
        },
      ],
      max: 1,
    },
  ];
}
