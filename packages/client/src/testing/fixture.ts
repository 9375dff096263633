import { assemble } from "../assemble.ts";
import type { Issue } from "../issue.ts";
import { type ClientOptions, settle } from "../options.ts";
import { FakeCarrier } from "./fake-carrier.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A producer with a clock and a carrier that the test holds. */
export function createFixture(options: Partial<ClientOptions> = {}) {
  const clock = new VirtualClock();
  const carrier = new FakeCarrier();
  const issues: Issue[] = [];
  const settings = settle(
    { url: "http://127.0.0.1:1", key: "key", batch: { events: 10, delayMs: 100 }, issueIntervalMs: 1000, ...options },
    { batchBytes: 1e5, batchDelayMs: 100, bufferEvents: 1000, bufferBytes: 1e6, correctClock: false },
  );
  const producer = assemble({ settings, carrier, clock, onIssue: (issue) => issues.push(issue) });
  /** Tracks so many events; gives how many were taken. */
  const track = (count: number): number => {
    let taken = 0;
    for (let i = 0; i < count; i++) taken += Number(producer.track("e", { i }, undefined, {}));
    return taken;
  };
  /** What is wrong with the client's account; nothing, always. */
  const imbalance = (): number => {
    const { tracked, recovered, queued, inFlight, accepted, duplicate, rejected, dropped } = producer.stats();
    const gone = [...Object.values(rejected), ...Object.values(dropped)].reduce((sum, count) => sum + count, 0);
    return tracked + recovered - queued - inFlight - accepted - duplicate - gone;
  };
  return { clock, carrier, issues, producer, track, imbalance };
}
