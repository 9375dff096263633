import { createTicks, expectExactlyOnce } from "@millrace/harness/load";
import { launchMesh, type Mesh } from "@millrace/harness/mesh";
import { ownKafka } from "@millrace/harness/servers";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { Crowd, type CrowdStats } from "./crowd.ts";
import { processorMs, signsLine, VitalSigns } from "./vital-signs.ts";

const PROJECT = "ticks";
const ONE_OF_EACH = { ingest: 1, processing: 1, config: 1, reporting: 1, dashboard: 1 };
/** A few clients that always have something to send: they fill the mesh, and stay far below what it may hold. */
const FEW = 4;
/** What these clients may have under way is several times what ingest may hold. */
const MANY = 48;
const BYTES_IN_FLIGHT = "8MiB";
const TIMES_THE_PEAK = 3;
/** However slow the machine is, the overload lasts until so many calls were refused. */
const REFUSALS_MIN = 30;
const WARM_UP_MS = 3_000;
/** Until what ingest may hold is full, which is not measured. */
const FILLING_MS = 4_000;
const CALM_AGAIN_MS = 3_000;
const FLUSHED_WITHIN_MS = 180_000;
const COUNTED_WITHIN_MS = 300_000;
/** What a process may grow by: what it may hold, in some copies, and what its garbage collector leaves until it has to. */
const GROWTH_MIB_MAX = 256;
/** By the library's budget each success earns a fifth of a retry, and so does each second; a burst of 10 is free. */
const ATTEMPTS_A_SUCCESS_MAX = 3;

const GOODPUT_MIN = 0.8;
const RECOVERED_WITHIN_MS = 30_000;
const WELL_WITHIN_MS = 1_000;

/** How a mesh is overloaded. */
export type OverloadPlan = {
  /**
   * What a connection from ingest to Kafka takes, of which each of the four partitions has one: it sets the peak, alike on
   * any machine. Absent: the machine does.
   */
  readonly lineBytesPerSecond?: number;
  readonly peakMs: number;
  readonly overloadMs: number;
};

/** What came of it. */
export type Overloaded = {
  /** What is accepted under overload, of what is at the peak. */
  readonly goodput: number;
  /** How many times the processor time of the peak ingest needs for an event under overload; who else is busy matters little. */
  readonly costGrowth: number;
  /** From the end of the overload until everything that had been taken by a client is durable. */
  readonly recoveredMs: number;
  /** The slowest answer to the question whether a process is well. */
  readonly slowestHealthMs: number;
};

/**
 * Offers a mesh three times what it takes at its best, and holds it to its word: what is too much is refused with the time
 * to come back, memory stays, health is told, retries stay within budgets, and in the end every event that a client did
 * not let go counts once.
 */
export async function overload(plan: OverloadPlan): Promise<Overloaded> {
  const mesh = await startMesh(plan);
  const key = await createTicks(mesh, PROJECT);
  const { url } = mesh.process("ingest-1");
  const few = crowd("few", FEW);
  await few.track(WARM_UP_MS);
  const costAtPeak = costOf(mesh, few);
  const peak = await few.track(plan.peakMs);
  await few.flush(FLUSHED_WITHIN_MS);
  const peakCost = costAtPeak();
  expect([...few.reasons]).toEqual([]);

  const signs = new VitalSigns(mesh);
  const before = await callsOf(mesh);
  const many = crowd("many", MANY);
  const costUnderOverload = costOf(mesh, many);
  const isFelt = () => many.stats().retries >= REFUSALS_MIN;
  await many.track(FILLING_MS, TIMES_THE_PEAK * peak);
  const accepted = await many.track(plan.overloadMs, TIMES_THE_PEAK * peak, isFelt);
  const endMs = performance.now();
  expect(await many.flush(FLUSHED_WITHIN_MS)).toBe(0);
  const overloadCost = costUnderOverload();
  const recoveredMs = performance.now() - endMs;
  const calls = differenceOf(await callsOf(mesh), before);
  const attempts = [...calls.values()].reduce((sum, count) => sum + count, 0) / (calls.get("ok") ?? 0);
  const underOverload = many.stats();
  await few.track(CALM_AGAIN_MS, peak / 2);
  expect(await few.flush(FLUSHED_WITHIN_MS)).toBe(0);
  await signs.stop();

  process.stdout.write(
    `${peak.toFixed(0)} events of 1 kB a second at the peak, ${accepted.toFixed(0)} with ${TIMES_THE_PEAK} times that offered ` +
      `(${(accepted / peak).toFixed(2)}); everything durable ${(recoveredMs / 1000).toFixed(1)} s after the end\n` +
      `  processor time of ingest for a thousand events: ${peakCost.toFixed(1)} ms at the peak, ${overloadCost.toFixed(1)} then\n` +
      `  calls: ${[...calls].map(([code, count]) => `${count} ${code}`).join(", ")}, so ${attempts.toFixed(2)} attempts for one ` +
      `that is taken; the clients repeated ${underOverload.retries} for ${underOverload.accepted} events\n` +
      signs.all.map(signsLine).join(""),
  );
  expectRefusals(many, underOverload, calls);
  expect(attempts).toBeLessThan(ATTEMPTS_A_SUCCESS_MAX);
  for (const { name, complaints, asked, firstMib, mostMib } of signs.all) {
    expect([name, complaints]).toEqual([name, []]);
    expect(asked).toBeGreaterThan(0);
    expect(mostMib - firstMib, `the growth of ${name} in MiB`).toBeLessThan(GROWTH_MIB_MAX);
  }
  // Once the load is gone nobody is refused.
  expect(few.stats().retries).toBe(0);
  for (const { stats } of [few, many].map((each) => ({ stats: each.stats() }))) expect(stats.rejected).toEqual({});
  await mesh.untilCounted(PROJECT, few.account.sent + many.account.sent, { withinMs: COUNTED_WITHIN_MS, everyMs: 250 });
  const { foldedCount, duplicateCount } = await expectExactlyOnce(mesh, PROJECT, [few, many]);
  const droppedCount = underOverload.dropped["BUFFER_FULL"] ?? 0;
  process.stdout.write(
    `  ${foldedCount} taken by clients and counted once (${duplicateCount} duplicates), ${droppedCount} not taken as there was no room\n`,
  );
  return {
    goodput: accepted / peak,
    costGrowth: overloadCost / peakCost,
    recoveredMs,
    slowestHealthMs: Math.max(...signs.all.map(({ slowestMs }) => slowestMs)),
  };

  function crowd(name: string, size: number): Crowd {
    const made = new Crowd(name, { url, key, size });
    onTestFinished(() => made.close());
    return made;
  }
}

/** What overload may cost at most. */
export function expectMastered({ goodput, costGrowth, recoveredMs, slowestHealthMs }: Overloaded): void {
  expect(goodput).toBeGreaterThan(GOODPUT_MIN);
  expect(costGrowth).toBeLessThan(1 / GOODPUT_MIN);
  expect(recoveredMs).toBeLessThan(RECOVERED_WITHIN_MS);
  expect(slowestHealthMs).toBeLessThan(WELL_WITHIN_MS);
}

async function startMesh({ lineBytesPerSecond }: OverloadPlan): Promise<Mesh> {
  const kafka = await ownKafka({ proxied: true });
  onTestFinished(() => kafka.dispose());
  const mesh = await launchMesh({
    counts: ONE_OF_EACH,
    servers: { brokers: kafka.addresses },
    envOf: { ingest: { MILLRACE_BYTES_IN_FLIGHT: BYTES_IN_FLIGHT } },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-20_000)}\n`));
  if (lineBytesPerSecond !== undefined) {
    await kafka.nodes[0]!.proxy!.become({ toServer: { bytesPerSecond: lineBytesPerSecond } });
  }
  return mesh;
}

/** Too much is refused, with the reason that says when to come back, and in no other way. */
function expectRefusals(many: Crowd, stats: CrowdStats, calls: ReadonlyMap<string, number>): void {
  expect([...many.reasons].filter((reason) => reason !== "dropped: BUFFER_FULL")).toEqual(["retrying: OVERLOADED"]);
  expect([...calls.keys()].toSorted()).toEqual(["ok", "resource_exhausted"]);
  expect(stats.retries).toBeGreaterThanOrEqual(REFUSALS_MIN);
}

/** Begins to measure; gives what gives ingest's processor time since then, in milliseconds for a thousand events that were accepted. */
function costOf(mesh: Mesh, crowd: Crowd): () => number {
  const { pid } = mesh.process("ingest-1");
  const [startMs, startEvents] = [processorMs(pid), crowd.stats().accepted];
  return () => ((processorMs(pid) - startMs) / (crowd.stats().accepted - startEvents)) * 1000;
}

/** How many calls ingest has answered with events in them, by code. */
async function callsOf(mesh: Mesh): Promise<Map<string, number>> {
  const calls = new Map<string, number>();
  const text = await mesh.process("ingest-1").metrics();
  for (const [, labels = "", count] of text.matchAll(/^rpc_server_call_duration_seconds_count\{([^}]*)\} (\d+)/gm)) {
    if (!/rpc_method="[^"]*IngestService\/(Send|Stream)"/.test(labels)) continue;
    const [, code = ""] = /rpc_response_status_code="([^"]*)"/.exec(labels) ?? [];
    calls.set(code, (calls.get(code) ?? 0) + Number(count));
  }
  return calls;
}

function differenceOf(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> {
  const differences = [...after].map(([code, count]) => [code, count - (before.get(code) ?? 0)] as const);
  return new Map(differences.filter(([, count]) => count > 0));
}
