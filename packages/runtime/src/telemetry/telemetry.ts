import { type Meter, metrics, type Tracer, trace } from "@opentelemetry/api";
import type { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import type { Environment } from "../env/parse-environment.ts";
import { startOtlp } from "./otlp.ts";
import { observeProcess } from "./process-metrics.ts";
import { withUnitsInNames } from "./prometheus-names.ts";
import { PullReader } from "./pull-reader.ts";

/** A process's metrics and traces. */
export type Telemetry = {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** All metrics in Prometheus' text format. */
  readonly prometheusText: () => Promise<string>;
  /** Sends what is left, and ends. */
  readonly shutdown: () => Promise<void>;
};

/** Whose telemetry it is. */
export type TelemetryOptions = {
  readonly service: string;
  readonly version: string;
  /** Says, by the standard OTEL_* variables, whether and where OTLP is sent. */
  readonly env?: Environment;
};

/**
 * Every series says whose it is: names of jobs differ from one installation to the next, and others too have a service named
 * "config", and metrics of their processes.
 */
const WHOSE = /^service\.(name|namespace)$/;

/**
 * Telemetry of a process. Metrics can always be pulled as Prometheus text. Nothing is sent anywhere unless the
 * standard OTEL_* variables say so (an OTLP endpoint, or an exporter); the exporters then read them from the process.
 */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const ours = {
    "service.name": options.service,
    "service.namespace": "millrace",
    "service.version": options.version,
  };
  // OTEL_RESOURCE_ATTRIBUTES says where it runs, such as in which pod; who it is, dashboards and alerts must know.
  const place = detectResources({ detectors: [envDetector] });
  const resource = defaultResource().merge(place).merge(resourceFromAttributes(ours));
  const pull = new PullReader();
  const otlp = await startOtlp(options.env ?? {}, resource);
  const readers: IMetricReader[] = [pull, ...otlp.metricReaders];
  const provider = new MeterProvider({ resource, readers });
  if (otlp.metricReaders.length > 0) metrics.setGlobalMeterProvider(provider);
  const meter = provider.getMeter("millrace", options.version);
  const stopObserving = observeProcess(meter);
  let serializer: PrometheusSerializer | undefined;
  return {
    meter,
    tracer: trace.getTracer("millrace", options.version),
    async prometheusText() {
      const { resourceMetrics } = await pull.collect();
      serializer ??= await createSerializer();
      return serializer.serialize(withUnitsInNames(resourceMetrics));
    },
    async shutdown() {
      stopObserving();
      await Promise.allSettled([provider.shutdown(), otlp.shutdown()]);
    },
  };
}

/** What writes the text is not loaded before somebody asks for it: no start waits for a tenth of all modules. */
async function createSerializer(): Promise<PrometheusSerializer> {
  const { PrometheusSerializer } = await import("@opentelemetry/exporter-prometheus");
  // There is one scope, so that its name and version would be the same labels everywhere.
  return new PrometheusSerializer("", false, WHOSE, false, true);
}
