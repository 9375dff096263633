/** What services tell of themselves as processes of their own over Kafka, Cassandra and Redis. */
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { RelativeRange_Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { launchMesh, type Mesh } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, expect, it, onTestFailed } from "vitest";
import { callersTrace, childrenOf, eventJourney, recordingTo, untilTravelled } from "./journeys.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";
import { metricProblems } from "./shown-metrics.ts";

let receiver: OtlpReceiver;
let mesh: Mesh;

beforeAll(async () => {
  receiver = await startOtlpReceiver("grpc");
  mesh = await launchMesh({
    counts: { config: 1, ingest: 1, processing: 1, reporting: 1, dashboard: 1 },
    // All is recorded, also what is a trace of its own.
    env: { ...recordingTo(receiver, "grpc"), OTEL_TRACES_SAMPLER: "always_on" },
  });
});
afterAll(async () => {
  await mesh?.dispose();
  receiver?.close();
});

function showOutput(): void {
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-20_000)}\n`));
}

it("an event's trace leads from the producer through the front, ingest, Kafka and processing into Cassandra", async () => {
  showOutput();
  const producer = callersTrace();
  const key = mesh.keys.projectKeys["demo"]!;
  // With an id and a time of its own it is looked for among the claims.
  const time = { seconds: BigInt(Math.floor(Date.now() / 1000)) };
  const events = [
    { name: "page_view", eventId: "1", time, userId: "ada", properties: { url: "https://x.org/traced" } },
  ];
  await mesh.client(IngestService, key).send({ events }, { headers: producer.headers });
  const front = { name: "millrace.ingest.v1.IngestService/Send", service: "dashboard" };
  const steps = [front, ...eventJourney({ ingest: "ingest", processing: "processing" })];
  const way = await untilTravelled(receiver, producer, steps);
  expect(new Set(way.map(({ traceId }) => traceId))).toEqual(new Set([producer.traceId]));
});

it("each message of a stream has a trace of its own, linked to the stream's, since that may last for hours", async () => {
  showOutput();
  const producer = callersTrace();
  const key = mesh.keys.projectKeys["demo"]!;
  async function* messages() {
    for (const sequence of [1n, 2n]) {
      yield {
        streamId: "s",
        sequence,
        events: [{ name: "page_view", properties: { url: `https://x.org/${sequence}` } }],
      };
    }
  }
  await mesh.clientOf("ingest-1", IngestService, key).stream(messages(), { headers: producer.headers });
  const [stream, ...later] = eventJourney({ ingest: "ingest", processing: "processing" }, "Stream");
  const way = await untilTravelled(receiver, producer, [stream!, { name: "ingest stream message" }, ...later]);
  expect(way[0]!.traceId).toBe(producer.traceId);
  expect(way[1]!.traceId).not.toBe(producer.traceId);
  const { spanId } = way[0]!;
  const sent = receiver.spans.filter(
    ({ name, links }) => name === "ingest stream message" && links[0]?.spanId === spanId,
  );
  expect(new Set(sent.map(({ traceId }) => traceId)).size).toBe(2);
});

it("a question's trace leads from the caller through the front, reporting and config into Cassandra", async () => {
  showOutput();
  const caller = callersTrace();
  const timeRange = { kind: { case: "relative" as const, value: { last: 2, unit: RelativeRange_Unit.DAY } } };
  const query = { projectId: "demo", metrics: ["page_views"], dimensions: [], timeRange };
  const key = mesh.keys.projectKeys["demo"]!;
  await mesh.client(ReportingService, key).query({ query }, { headers: caller.headers });
  const method = "millrace.reporting.v1.ReportingService/Query";
  const [, asked] = await untilTravelled(receiver, caller, [
    { name: method, service: "dashboard" },
    { name: method, service: "reporting" },
    { name: "cell_store scan", service: "reporting" },
  ]);
  const within = new Set(childrenOf(receiver, asked!).map(({ name }) => name));
  expect(within).toContain("snapshot definitions");
  // Nobody had asked reporting for this project before, so that config was.
  await untilTravelled(receiver, asked!, [
    { name: "snapshot definitions", service: "reporting" },
    { name: "millrace.config.v1.SnapshotService/GetDefinitions", service: "config" },
    { name: "record_store get", service: "config" },
  ]);
});

it("each service shows each metric that is declared for it, and no other", async () => {
  showOutput();
  await mesh.untilCounted("demo", 1);
  const problems = async () => {
    const each = [...mesh.processes.values()].map(async (process) => {
      const found = metricProblems(await process.metrics(), [process.service], true);
      return found.map((problem) => `${process.name}: ${problem}`);
    });
    return (await Promise.all(each)).flat();
  };
  // What is missing after that time is named by the comparison.
  await until("all of it is shown", async () => (await problems()).length === 0, { withinMs: 10_000 }).catch(() => {});
  expect(await problems()).toEqual([]);
});
