import { recordedMeter } from "@millrace/telemetry/testing";
import { metrics, trace } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";
import { RecordingMember, value } from "./contract/harness.ts";
import { eventLogContract } from "./contract/index.ts";
import { openEmbeddedEventLog } from "./embedded/index.ts";
import { observedEventLog } from "./observed.ts";

const tracer = trace.getTracer("test");

eventLogContract("an observed log", {
  open: async () => {
    const log = await openEmbeddedEventLog({ directory: ":memory:", partitions: 4, retentionMs: 0 });
    return {
      log: observedEventLog(log, { meter: metrics.getMeter("test"), tracer }),
      reopen: () => Promise.reject(new Error("A log in memory cannot be reopened.")),
      trimAll: async () => {
        while (log.trim(Date.now() + 1000) > 0);
      },
      dispose: () => log.close(),
    };
  },
  except: [{ capability: "reopening", reason: "What is in memory goes with the log." }],
});

it("counts what is appended, handed over and refused", async () => {
  const { meter, values } = recordedMeter();
  const log = observedEventLog(await openEmbeddedEventLog({ directory: ":memory:", partitions: 2 }), { meter, tracer });
  onTestFinished(() => log.close());
  await log.append(0, value("hello"));
  await log.append(1, value("you"));
  await expect(log.append(99, value("x"))).rejects.toMatchObject({ kind: "invalid" });
  const member = new RecordingMember();
  const joined = await log.join("g", member);
  await expect.poll(() => member.received.size).toBe(2);
  await joined.leave();
  expect(values()).toEqual({
    "millrace.event_log.append.duration": 3,
    "millrace.event_log.append.records": 2,
    "millrace.event_log.append.io": 8,
    "millrace.event_log.errors append invalid": 1,
    "millrace.event_log.consume.records g": 2,
    "millrace.event_log.consume.io g": 8,
    "millrace.event_log.partition.moves g gained": 2,
    "millrace.event_log.partition.moves g given_up": 2,
    "millrace.event_log.partitions": 2,
  });
});
