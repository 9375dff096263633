import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { counter, histogram } from "@millrace/telemetry";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTelemetry } from "./telemetry.ts";

describe("telemetry", () => {
  it("gives its own and the process's metrics as Prometheus text", async () => {
    const telemetry = await createTelemetry({ service: "ingest", version: "1" });
    onTestFinished(telemetry.shutdown);
    counter(telemetry.meter, "millrace.ingest.late_events").add(3, { "millrace.project": "shop" });
    counter(telemetry.meter, "millrace.event_log.append.io").add(512, {});
    histogram(telemetry.meter, "millrace.event_log.append.duration").record(0.2, {});
    const text = await telemetry.prometheusText();
    expect(text).toMatch(
      /^millrace_ingest_late_events_total\{millrace_project="shop",service_name="ingest",service_namespace="millrace"\} 3$/m,
    );
    expect(text).toMatch(
      /^millrace_event_log_append_io_bytes_total\{service_name="ingest",service_namespace="millrace"\} 512$/m,
    );
    expect(text).toMatch(
      /^millrace_event_log_append_duration_seconds_bucket\{service_name="ingest",service_namespace="millrace",le="0.25"\} 1$/m,
    );
    expect(text).toMatch(/^process_memory_usage_bytes\{.*\} \d+$/m);
    expect(text).toMatch(/^nodejs_eventloop_delay_p99_seconds\{.*\} [\d.e-]+$/m);
    expect(text).toContain("# UNIT nodejs_eventloop_delay_p99_seconds seconds");
  });

  it("sends metrics and traces by OTLP to where OTEL_EXPORTER_OTLP_ENDPOINT says, continuing the caller's trace", async () => {
    const bodies = new Map<string, Buffer>();
    const collector = createServer(async (request, response) => {
      bodies.set(request.url ?? "", await buffer(request));
      response.end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void collector.close());
    await once(collector, "listening");
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [fileURLToPath(new URL("fixture/traced-process.ts", import.meta.url))], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.name=pod-7" },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    expect((await once(child, "exit"))[0]).toBe(0);
    expect([...bodies.keys()].sort()).toEqual(["/v1/metrics", "/v1/traces"]);
    expect(bodies.get("/v1/metrics")?.toString("latin1")).toContain("rpc.server.call.duration");
    const traces = bodies.get("/v1/traces")!;
    expect(traces.toString("latin1")).toContain("hello");
    expect(traces.toString("latin1")).toContain("pod-7");
    expect(traces.includes(Buffer.from("4bf92f3577b34da6a3ce929d0e0e4736", "hex"))).toBe(true);
  });
});
