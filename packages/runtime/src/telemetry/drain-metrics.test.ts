import { recordedMeter } from "@millrace/telemetry/testing";
import { expect, it } from "vitest";
import { createLifecycle } from "../lifecycle/lifecycle.ts";
import { silentLogger } from "../log/silent-logger.ts";
import { createDrainMetrics } from "./drain-metrics.ts";

it("measures how long the process and its parts drain, and tells so while it drains", async () => {
  const { meter, values } = recordedMeter();
  const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
  const lifecycle = createLifecycle({
    log: silentLogger(),
    deadlineMs: 5_000,
    drains: createDrainMetrics(meter),
    exit: () => {},
    signals: { on: () => {}, off: () => {} },
  });
  lifecycle.add({ name: "processing", drain: () => drained });
  lifecycle.add({ name: "a part that nobody asks for", drain: () => {} });
  await lifecycle.run();
  expect(values()).toEqual({});
  const stopped = lifecycle.shutdown("the test");
  await expect.poll(() => values()["millrace.drain.elapsed"]).toBeGreaterThan(0);
  drain();
  await stopped;
  expect(values("millrace.drain.duration")).toEqual({
    "millrace.drain.duration processing": 1,
    "millrace.drain.duration process": 1,
  });
});
