import { histogram, type MetricAttributes, observeOne } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

type Component = MetricAttributes<"millrace.drain.duration">["millrace.component"];

/** Parts whose drain is measured by itself; that of the others is within the process's. */
const COMPONENTS: ReadonlySet<string> = new Set<Component>(["process", "server", "ingest", "processing", "reporting"]);

/** What is measured of a process that stops. */
export type DrainMetrics = {
  /** The process drains from now on. */
  readonly began: () => void;
  /** A part has drained, or all of the process. */
  readonly ended: (component: string, durationMs: number) => void;
};

/** The metrics of draining. */
export function createDrainMetrics(meter: Meter): DrainMetrics {
  const duration = histogram(meter, "millrace.drain.duration");
  let beganMs: number | undefined;
  observeOne(meter, "millrace.drain.elapsed", (tell) => {
    tell(beganMs === undefined ? 0 : (performance.now() - beganMs) / 1000, {});
  });
  return {
    began() {
      beganMs ??= performance.now();
    },
    ended(component, durationMs) {
      if (!isMeasured(component)) return;
      duration.record(durationMs / 1000, { "millrace.component": component });
    },
  };
}

function isMeasured(component: string): component is Component {
  return COMPONENTS.has(component);
}
