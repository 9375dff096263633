/**
 * An ordinary day on a mesh: two of each service as processes, on real servers. What one process can do, many can, through
 * the one address in front of them, or at each service directly.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { openBrowser } from "@millrace/harness/browser";
import { launchMesh, type Mesh } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { ACTING_FOR_HEADER, actingForText } from "@millrace/runtime";
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { pageViews, RECENTLY, view } from "./questions.ts";

let mesh: Mesh;

beforeAll(async () => {
  mesh = await launchMesh();
});
afterAll(() => mesh?.dispose());

function showOutput(): void {
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-20_000)}\n`));
}

function post(path: string, body: string, headers: Readonly<Record<string, string>>) {
  return fetch(`${mesh.url}${path}`, { method: "POST", body, headers });
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown).code,
  );
}

describe("an event", () => {
  it("is in an answer a moment later, whatever way it came, and counts once", async () => {
    showOutput();
    const key = mesh.keys.projectKeys["demo"]!;
    const json = { "x-api-key": key, "content-type": "application/json" };
    async function* messages() {
      yield { streamId: "first", sequence: 1n, events: [view("/Stream")] };
    }
    const ways: Record<string, () => Promise<unknown>> = {
      curl: () => post("/v1/events", JSON.stringify({ name: "page_view", properties: { url: "/curl" } }), json),
      beacon: () =>
        post(`/v1/beacon?key=${key}`, JSON.stringify({ event_type: "page_view", properties: { url: "/beacon" } }), {
          "content-type": "text/plain",
          "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        }),
      Send: () => mesh.client(IngestService, key).send({ events: [view("/Send")] }),
      Connect: () => mesh.client(IngestService, key, "connect").send({ events: [view("/Connect")] }),
      Stream: () => mesh.client(IngestService, key).stream(messages()),
      "ingest-1": () => mesh.clientOf("ingest-1", IngestService, key).send({ events: [view("/ingest-1")] }),
      "ingest-2": () => mesh.clientOf("ingest-2", IngestService, key).send({ events: [view("/ingest-2")] }),
    };
    const latencies: string[] = [];
    for (const [way, send] of Object.entries(ways)) {
      const startMs = performance.now();
      await send();
      const sentMs = performance.now();
      await until(`the event by ${way} is in an answer`, async () => (await pageViews(mesh)).get(`/${way}`) === 1, {
        everyMs: 5,
      });
      latencies.push(`${way} ${(sentMs - startMs).toFixed(0)} + ${(performance.now() - sentMs).toFixed(0)} ms`);
    }
    process.stdout.write(`sent + visible after: ${latencies.join(", ")}\n`);
    expect(await mesh.untilCounted("demo", 7)).toMatchObject({ foldedCount: 7n, duplicateCount: 0n });
  });

  it("counts once, also where it is sent again to other processes", async () => {
    showOutput();
    const key = mesh.keys.projectKeys["demo"]!;
    const before = (await mesh.status("demo")).balance!;
    const send = async (name: string, more: object) => {
      const event = view("/again", { eventId: "again-1", ...more });
      return mesh.clientOf(name, IngestService, key).send({ events: [event] });
    };
    // At once, so that none is known to another when it comes: processing finds that it has them.
    const timed = { time: timestampFromMs(Date.now()) };
    const names = ["ingest-1", "ingest-2", "ingest-1", "ingest-2"];
    const answers = await Promise.all(names.map((name) => send(name, timed)));
    const accepted = answers.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0);
    expect(answers.reduce((sum, answer) => sum + answer.duplicateCount, accepted)).toBe(4);
    const after = (await mesh.untilCounted("demo", Number(before.acceptedCount) + accepted))!;
    expect(after.foldedCount - before.foldedCount).toBe(1n);
    expect(after.duplicateCount - before.duplicateCount).toBe(BigInt(accepted - 1));
    expect((await pageViews(mesh)).get("/again")).toBe(1);
    // A process that never saw it tells so at once, by the claims.
    await mesh.restart("ingest-2");
    await until("the claims are asked", async () => (await send("ingest-2", timed)).duplicateCount === 1);
  });
});

describe("the command line", () => {
  it("makes a project, imports a file, and asks", async () => {
    showOutput();
    const rows = Array.from(
      { length: 600 },
      (_, i) => `2011-03-${String((i % 28) + 1).padStart(2, "0")}T10:00:00Z,o${i % 200},${i % 7},1.25`,
    );
    writeFileSync(join(mesh.dataDirectory, "orders.csv"), ["at,order,quantity,price", ...rows].join("\n"));
    const created = await mesh.cli("project", "create", "shop", "--template", "shop");
    expect(created, created.stderr).toMatchObject({ exitCode: 0 });
    const maps = ["name='order'", "time=at", "order_id=order", "quantity=quantity", "revenue=quantity*price"];
    const sent = await mesh.cli(
      ...["send", "--project", "shop", "--import", "--file", "orders.csv", "--wait", "--json"],
      ...maps.flatMap((map) => ["--map", map]),
    );
    expect(sent, sent.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(sent.stdout)).toMatchObject({ read: 600, accepted: 600, duplicate: 0, rejected: 0 });
    const revenue = Array.from({ length: 600 }, (_, i) => (i % 7) * 1.25).reduce((sum, one) => sum + one, 0);
    const range = ["--from", "2011-03-01", "--to", "2011-04-01"];
    const asked = await mesh.cli("query", "revenue", "orders", "--project", "shop", ...range, "--json");
    expect(asked, asked.stderr).toMatchObject({ exitCode: 0 });
    expect(asked.stdout).toContain(String(revenue));
    const examined = await mesh.cli("doctor");
    expect(examined, examined.stdout).toMatchObject({ exitCode: 0 });
  });
});

describe("whoever looks on", () => {
  it("is told of changes and of events as they come", async () => {
    showOutput();
    const key = mesh.keys.projectKeys["demo"]!;
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const reporting = mesh.client(ReportingService, key);
    const tailed: string[] = [];
    const totals: number[] = [];
    let tails = 0;
    // Both end by the signal, which rejects them.
    const tailing = (async () => {
      for await (const { events } of reporting.tail({}, { signal: ending.signal })) {
        tails++;
        tailed.push(...events.map(({ event }) => event!.eventId));
      }
    })().catch(() => {});
    const query = { metrics: ["page_views"], timeRange: RECENTLY };
    const watching = (async () => {
      for await (const { kind } of reporting.watch({ query }, { signal: ending.signal })) {
        const rows = kind.case === "whole" ? kind.value.rows : kind.case === "change" ? kind.value.changedRows : [];
        for (const { values } of rows) totals.push(Number(values.at(-1)?.kind.value));
      }
    })().catch(() => {});
    await until("both have begun", () => tails > 0 && totals.length > 0);
    const before = totals.at(-1)!;
    await mesh.client(IngestService, key).send({ events: [view("/live", { eventId: "live-1" })] });
    await until("the event is tailed", () => tailed.includes("live-1"));
    await until("the total has changed", () => totals.at(-1) === before + 1);
    ending.abort();
    await Promise.all([tailing, watching]);
  });

  it("opens the page in a browser, at any dashboard, and sees the numbers", async () => {
    showOutput();
    const browser = await openBrowser();
    onTestFinished(() => browser.close());
    await until("the page is built", async () => (await fetch(mesh.url)).ok, { withinMs: 60_000 });
    const page = await browser.newPage();
    await page.goto(await mesh.createLoginUrl());
    const numbers = page.getByRole("region", { name: "Key numbers" });
    const seen = [...(await pageViews(mesh)).values()].reduce((sum, one) => sum + one, 0);
    await numbers.getByRole("button", { name: new RegExp(`^Page views ${seen}\\b`) }).waitFor();
    await mesh.client(IngestService, mesh.keys.projectKeys["demo"]).send({ events: [view("/page")] });
    await numbers.getByRole("button", { name: new RegExp(`^Page views ${seen + 1}\\b`) }).waitFor();
  });
});

describe("a key", () => {
  it("is refused soon after it was revoked, by every process", async () => {
    const { text } = await mesh.client(ApiKeyService).createApiKey({
      apiKey: { projectId: "demo", displayName: "short-lived", scopes: [Scope.INGEST, Scope.REPORT] },
    });
    const calls = [
      ...["ingest-1", "ingest-2"].map(
        (name) => () => mesh.clientOf(name, IngestService, text).send({ events: [view("/key")] }),
      ),
      ...["reporting-1", "reporting-2", "dashboard-1"].map(
        (name) => () => mesh.clientOf(name, ReportingService, text).getCatalog({}),
      ),
      ...["processing-1", "processing-2"].map((name) => () => mesh.clientOf(name, StatusService, text).getStatus({})),
    ];
    for (const call of calls) await call();
    const [, , keyId = ""] = text.split("_");
    await mesh.client(ApiKeyService).revokeApiKey({ keyId });
    await until("every process refuses it", async () => {
      const codes = await Promise.all(calls.map((call) => codeOf(call())));
      return codes.every((code) => code === Code.Unauthenticated);
    });
  });

  it("gets no further by saying that it acts for another", async () => {
    const forged = {
      [ACTING_FOR_HEADER]: actingForText({ keyId: "x", projectId: undefined, scopes: new Set([Scope.ADMIN]) }),
    };
    const project = { projectId: "stolen", displayName: "x" };
    const key = mesh.keys.projectKeys["demo"]!;
    for (const name of ["dashboard-1", "config-1"]) {
      const create = mesh.clientOf(name, ProjectService, key).createProject({ project }, { headers: forged });
      expect(await codeOf(create)).toBe(Code.PermissionDenied);
    }
    const unknown = "mlr_service_00000000000000000000000000000000";
    const create = mesh.clientOf("config-1", ProjectService, unknown).createProject({ project }, { headers: forged });
    expect(await codeOf(create)).toBe(Code.Unauthenticated);
  });
});

describe("health", () => {
  it("is told of every service at the front, and of each process by itself", async () => {
    const front = createClient(Health, createGrpcTransport({ baseUrl: mesh.url }));
    for (const { typeName } of [IngestService, ProjectService, ReportingService, StatusService]) {
      expect([typeName, (await front.check({ service: typeName })).status]).toEqual([typeName, Status.SERVING]);
    }
    expect(await codeOf(front.check({ service: "millrace.config.v1.NoService" }))).toBe(Code.NotFound);
    for (const { adminUrl } of mesh.processes.values()) {
      for (const probe of ["livez", "readyz"]) expect((await fetch(`${adminUrl}/${probe}`)).status).toBe(200);
    }
  });
});
