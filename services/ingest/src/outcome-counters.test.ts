import { recordedMeter } from "@millrace/telemetry/testing";
import { expect, it } from "vitest";
import { OutcomeCounters } from "./outcome-counters.ts";

it("has series of their own for the first hundred projects, and one for all others, whatever they are called", () => {
  const { meter, values } = recordedMeter();
  const counters = new OutcomeCounters(meter);
  for (let i = 0; i < 1_000; i++) {
    counters.accepted(`p${i}"} evil{`, 2, 1);
    counters.refused(`p${i}"} evil{`, "rejected", "EVENT_NAME_MISSING", 1);
  }
  const counted = values("millrace.ingest.events", true);
  expect(Object.keys(counted)).toHaveLength(2 * 101);
  expect(counted["millrace.ingest.events accepted  other"]).toBe(1_800);
  expect(Object.keys(values("millrace.ingest.late_events"))).toHaveLength(101);
});
