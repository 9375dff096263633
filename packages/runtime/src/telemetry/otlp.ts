import type { Resource } from "@opentelemetry/resources";
import { type IMetricReader, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { Environment } from "../env/parse-environment.ts";

/** What sends metrics and traces by OTLP, if anything does. */
export type Otlp = {
  readonly metricReaders: readonly IMetricReader[];
  readonly shutdown: () => Promise<void>;
};

/** Starts what the OTEL_* variables ask for. The libraries are loaded only then: they are large. */
export async function startOtlp(env: Environment, resource: Resource): Promise<Otlp> {
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === "true";
  const metricReaders = !isOff && isWanted(env, "METRICS") ? [await otlpMetricReader(env)] : [];
  if (isOff || !isWanted(env, "TRACES")) return { metricReaders, shutdown: async () => {} };
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  const sdk = new NodeSDK({ resource, metricReaders: [], logRecordProcessors: [], autoDetectResources: false });
  sdk.start();
  return { metricReaders, shutdown: () => sdk.shutdown() };
}

function isWanted(env: Environment, signal: "METRICS" | "TRACES"): boolean {
  const exporter = env[`OTEL_${signal}_EXPORTER`] ?? "";
  if (exporter !== "") return exporter !== "none";
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]);
}

async function otlpMetricReader(env: Environment): Promise<IMetricReader> {
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf";
  return new PeriodicExportingMetricReader({
    exporter: await otlpMetricExporter(protocol),
    exportIntervalMillis: Number(env.OTEL_METRIC_EXPORT_INTERVAL) || 60_000,
    exportTimeoutMillis: Math.min(
      Number(env.OTEL_METRIC_EXPORT_TIMEOUT) || 30_000,
      Number(env.OTEL_METRIC_EXPORT_INTERVAL) || 60_000,
    ),
  });
}

async function otlpMetricExporter(protocol: string): Promise<PushMetricExporter> {
  if (protocol === "grpc") {
    const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-grpc");
    return new OTLPMetricExporter();
  }
  const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-proto");
  return new OTLPMetricExporter();
}
