import { MetricReader } from "@opentelemetry/sdk-metrics";

/** A metric reader that does nothing by itself: whoever wants the metrics calls `collect`. */
export class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
