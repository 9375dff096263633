import type { Panel } from "../../grafana/panel.ts";
import type { Questions } from "../../promql.ts";
import { percentiles } from "../percentiles.ts";

const EVENTS = "millrace.processing.events";

/** Events as they are folded, and the batches that they come in. */
export function foldGraphs({ rate, quantile, mean }: Questions): Panel[] {
  return [
    {
      kind: "areas",
      title: "Events by what became of them",
      description:
        "Folded, of bots, duplicates, late, or kept as dead letters; what is folded again after a restart counts again.",
      unit: "eventsPerSecond",
      queries: [{ expr: rate(EVENTS, ["millrace.outcome"]), legend: "{{millrace_outcome}}" }],
      alerts: ["MillraceDeadLetters"],
    },
    {
      kind: "lines",
      title: "Events by project",
      description: "The ten projects with most.",
      unit: "eventsPerSecond",
      queries: [{ expr: `topk(10, ${rate(EVENTS, ["millrace.project"])})`, legend: "{{millrace_project}}" }],
    },
    {
      kind: "lines",
      title: "Time to fold a batch",
      description: "Decoding, claiming and folding, waits included.",
      unit: "seconds",
      queries: percentiles(quantile, "millrace.processing.fold.duration", 0.5, 0.99),
    },
    {
      kind: "lines",
      title: "Events in a batch",
      description: "Large batches are a sign of catching up.",
      unit: "count",
      queries: [
        { expr: mean("millrace.processing.fold.events", []), legend: "mean" },
        ...percentiles(quantile, "millrace.processing.fold.events", 0.99),
      ],
    },
  ];
}

/** Events that could not be folded. */
export function deadLetterGraphs({ rate }: Questions): Panel[] {
  return [
    {
      kind: "lines",
      title: "Dead letters kept, by why",
      description: "Per second. `millrace dead-letters list` shows them.",
      unit: "perSecond",
      queries: [{ expr: rate("millrace.processing.dead_letter.kept", ["error.type"]), legend: "{{error_type}}" }],
      alerts: ["MillraceDeadLetters"],
    },
    {
      kind: "lines",
      title: "Dead letters redriven",
      description: "What became of those that were asked to be redriven, per second.",
      unit: "perSecond",
      queries: [
        {
          expr: rate("millrace.processing.dead_letter.redriven", ["millrace.outcome"]),
          legend: "{{millrace_outcome}}",
        },
      ],
    },
  ];
}
