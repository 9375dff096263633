import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { BatchObservableCallback, Meter } from "@opentelemetry/api";

const NANOS_PER_SECOND = 1e9;

/** Measures the process: memory, event-loop delay and use, CPU time, age. Gives what ends it. */
export function observeProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let utilization = performance.eventLoopUtilization();

  const rss = meter.createObservableGauge("process.memory.usage", { unit: "By", description: "Resident memory." });
  const heap = meter.createObservableGauge("v8js.memory.heap.used", { unit: "By", description: "Used heap." });
  const external = meter.createObservableGauge("process.memory.external", { unit: "By", description: "Buffers." });
  const p50 = meter.createObservableGauge("nodejs.eventloop.delay.p50", { unit: "s", description: "Since last read." });
  const p99 = meter.createObservableGauge("nodejs.eventloop.delay.p99", { unit: "s", description: "Since last read." });
  const max = meter.createObservableGauge("nodejs.eventloop.delay.max", { unit: "s", description: "Since last read." });
  const used = meter.createObservableGauge("nodejs.eventloop.utilization", {
    unit: "1",
    description: "Since last read.",
  });
  const cpu = meter.createObservableCounter("process.cpu.time", {
    unit: "s",
    description: "CPU time, user and system.",
  });
  const uptime = meter.createObservableGauge("process.uptime", { unit: "s", description: "Age of the process." });
  const all = [rss, heap, external, p50, p99, max, used, cpu, uptime];

  const observe: BatchObservableCallback = (result) => {
    const memory = process.memoryUsage();
    result.observe(rss, memory.rss);
    result.observe(heap, memory.heapUsed);
    result.observe(external, memory.external);
    result.observe(p50, delay.percentile(50) / NANOS_PER_SECOND);
    result.observe(p99, delay.percentile(99) / NANOS_PER_SECOND);
    result.observe(max, delay.max / NANOS_PER_SECOND);
    delay.reset();
    const now = performance.eventLoopUtilization();
    result.observe(used, performance.eventLoopUtilization(now, utilization).utilization);
    utilization = now;
    const { user, system } = process.cpuUsage();
    result.observe(cpu, (user + system) / 1e6);
    result.observe(uptime, process.uptime());
  };
  meter.addBatchObservableCallback(observe, all);
  return () => {
    meter.removeBatchObservableCallback(observe, all);
    delay.disable();
  };
}
