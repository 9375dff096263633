import { totalmem } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { observe } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

const NANOS_PER_SECOND = 1e9;
const MICROS_PER_SECOND = 1e6;

const NAMES = [
  "process.memory.usage",
  "process.cpu.time",
  "process.uptime",
  "nodejs.eventloop.delay.mean",
  "nodejs.eventloop.delay.p50",
  "nodejs.eventloop.delay.p99",
  "nodejs.eventloop.delay.max",
  "nodejs.eventloop.utilization",
  "millrace.process.heap.used",
  "millrace.process.heap.limit",
  "millrace.process.buffers",
  "millrace.process.memory.limit",
] as const;

/** Measures the process: memory, event-loop delay and use, CPU time, age. Gives what ends it. */
export function observeProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let utilization = performance.eventLoopUtilization();
  const stop = observe(meter, NAMES, (tell) => {
    const memory = process.memoryUsage();
    tell["process.memory.usage"](memory.rss, {});
    tell["millrace.process.heap.used"](memory.heapUsed, {});
    tell["millrace.process.heap.limit"](getHeapStatistics().heap_size_limit, {});
    tell["millrace.process.buffers"](memory.external, {});
    const limit = process.constrainedMemory();
    // Where nothing limits it, the system says 0, or more than there can be.
    if (limit > 0 && limit <= totalmem()) tell["millrace.process.memory.limit"](limit, {});
    tell["nodejs.eventloop.delay.mean"](seconds(delay.mean), {});
    tell["nodejs.eventloop.delay.p50"](seconds(delay.percentile(50)), {});
    tell["nodejs.eventloop.delay.p99"](seconds(delay.percentile(99)), {});
    tell["nodejs.eventloop.delay.max"](seconds(delay.max), {});
    delay.reset();
    const now = performance.eventLoopUtilization();
    tell["nodejs.eventloop.utilization"](performance.eventLoopUtilization(now, utilization).utilization, {});
    utilization = now;
    const { user, system } = process.cpuUsage();
    tell["process.cpu.time"](user / MICROS_PER_SECOND, { "cpu.mode": "user" });
    tell["process.cpu.time"](system / MICROS_PER_SECOND, { "cpu.mode": "system" });
    tell["process.uptime"](process.uptime(), {});
  });
  return () => {
    stop();
    delay.disable();
  };
}

/** Nothing was sampled yet where it is no number. */
function seconds(nanos: number): number {
  return Number.isFinite(nanos) ? nanos / NANOS_PER_SECOND : 0;
}
