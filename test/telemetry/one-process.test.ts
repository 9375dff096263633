/** What `npm start` tells of itself: its metrics, both ways against what is declared, and its traces, as a collector gets them. */
import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { RelativeRange_Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { launchMillrace, type Millrace } from "@millrace/harness";
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { callersTrace, childrenOf, eventJourney, recordingTo, untilTravelled } from "./journeys.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";
import { metricProblems, readMetrics, seriesCount } from "./shown-metrics.ts";

const SERVICE = "millrace";
const ALL = ["ingest", "processing", "config", "reporting", "dashboard"] as const;
const RECENTLY = { kind: { case: "relative" as const, value: { last: 2, unit: RelativeRange_Unit.DAY } } };

let receiver: OtlpReceiver;
let millrace: Millrace;

beforeAll(async () => {
  receiver = await startOtlpReceiver("http/protobuf");
  millrace = await launchMillrace({ env: { MILLRACE_PARTITIONS: "3", ...recordingTo(receiver, "http/protobuf") } });
});
afterAll(async () => {
  await millrace?.dispose();
  receiver?.close();
});

function showOutput(): void {
  onTestFailed(() => void process.stderr.write(`\n── what the server wrote\n${millrace.output.slice(-10_000)}\n`));
}

function client() {
  return millrace.client(IngestService, millrace.keys.projectKeys["demo"]!);
}

function reader() {
  return millrace.client(ReportingService, millrace.keys.projectKeys["demo"]!);
}

function view(path: string, more: object = {}) {
  return {
    name: "page_view",
    eventId: randomUUID(),
    userId: "ada",
    properties: { url: `https://x.org${path}` },
    ...more,
  };
}

function ask(dimensions: string[] = []) {
  return { query: { projectId: "demo", metrics: ["page_views"], dimensions, timeRange: RECENTLY } };
}

describe("a trace", () => {
  it("leads from the producer's call through ingest and the log into the flush of its blocks", async () => {
    showOutput();
    const producer = callersTrace();
    await client().send({ events: [view("/traced")] }, { headers: producer.headers });
    const steps = eventJourney({ ingest: SERVICE, processing: SERVICE });
    const [call, append, fold, flush, store] = await untilTravelled(receiver, producer, steps);
    expect([call, append, fold, flush, store].map((span) => span!.traceId)).toEqual(Array(5).fill(producer.traceId));
    expect([call!.kind, append!.kind, fold!.kind, store!.kind]).toEqual([2, 4, 5, 3]);
    expect(fold!.attributes).toMatchObject({ "millrace.offset": append!.attributes["millrace.offset"] });
    const within = childrenOf(receiver, fold!).map(({ name }) => name);
    expect(within).toContain("claims claim");
  });

  it("is not lost where many share a record or a flush: it is linked from there", async () => {
    showOutput();
    const producers = Array.from({ length: 20 }, callersTrace);
    const sent = producers.map(({ headers }, i) => client().send({ events: [view(`/many/${i}`)] }, { headers }));
    await Promise.all(sent);
    const steps = eventJourney({ ingest: SERVICE, processing: SERVICE });
    const ways = await Promise.all(producers.map((producer) => untilTravelled(receiver, producer, steps)));
    expect(new Set(ways.map(([call]) => call!.spanId)).size).toBe(20);
    expect(ways.some(([, append]) => append!.links.length > 0)).toBe(true);
  });

  it("leads from a question through the copy of the configuration into the store", async () => {
    showOutput();
    const caller = callersTrace();
    await reader().query(ask(), { headers: caller.headers });
    const method = "millrace.reporting.v1.ReportingService/Query";
    const [asked] = await untilTravelled(receiver, caller, [{ name: method }, { name: "cell_store scan" }]);
    const within = new Set(childrenOf(receiver, asked!).map(({ name }) => name));
    expect(within).toEqual(new Set(["snapshot definitions", "cell_store read_states", "cell_store scan"]));
  });

  it("is not made by what nobody asked to be recorded", async () => {
    const before = receiver.spans.length;
    const traced = callersTrace();
    await client().send({ events: [view("/untraced")] });
    await millrace.untilCounted("demo", 1);
    await reader().query(ask(), { headers: traced.headers });
    await untilTravelled(receiver, traced, [{ name: "millrace.reporting.v1.ReportingService/Query" }]);
    const others = receiver.spans.slice(before).filter(({ traceId }) => traceId !== traced.traceId);
    // Flushes of earlier events may still come.
    expect(others.filter(({ name }) => !/flush|write_/.test(name))).toEqual([]);
  });
});

describe("/metrics", () => {
  it("shows each metric that is declared, with its type, unit, meaning and labels, and no other", async () => {
    showOutput();
    const twice = view("/twice");
    await client().send({ events: [twice, view("/late", { time: { seconds: 1_000_000_000n } })] });
    await client().send({ events: [twice, { name: "" }] });
    await millrace.untilCounted("demo", 3);
    await reader().query(ask(["page"]));
    await until("all of it is shown", async () => metricProblems(await millrace.metrics(), ALL, false).length === 0, {
      withinMs: 10_000,
    }).catch(() => undefined);
    expect(metricProblems(await millrace.metrics(), ALL, false)).toEqual([]);
    const shown = readMetrics(await millrace.metrics());
    const outcomes = shown.get("millrace_ingest_events_total")!.labels.map((labels) => labels["millrace_outcome"]);
    expect(new Set(outcomes)).toEqual(new Set(["accepted", "duplicate", "rejected"]));
  });

  it("has no more series for hostile names, values and paths, and no more than there are partitions", async () => {
    showOutput();
    await client().send({ events: [view("/warm")] });
    await fetch(`${millrace.url}/nothing/here`);
    const hostile = async (mark: string) => {
      const names = Array.from({ length: 40 }, (_, i) => `${mark}"\n{le="${i}"} # TYPE evil ${randomUUID()}`);
      const events = names.map((name) => ({ name, properties: { [name]: name, [`${name}2`]: "x" }, userId: name }));
      await client().send({ events });
      for (const name of names)
        await fetch(`${millrace.url}/${encodeURIComponent(name)}`, { headers: { "x-api-key": "no" } });
      await expect(reader().query(ask([names[0]!]))).rejects.toMatchObject({ code: Code.InvalidArgument });
      return seriesCount(await millrace.metrics());
    };
    // What the first of their kind brings is bounded; the others bring nothing.
    await hostile("first");
    const before = await hostile("second");
    expect(await hostile("third")).toBe(before);
    expect(metricProblems(await millrace.metrics(), ALL, false)).toEqual([]);
    const lags = readMetrics(await millrace.metrics()).get("millrace_processing_lag_records")!.labels;
    expect(new Set(lags.map((labels) => Number(labels["millrace_partition"])))).toEqual(new Set([0, 1, 2]));
  });
});
