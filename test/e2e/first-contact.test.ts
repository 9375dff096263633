/**
 * The first minutes with Millrace: events by curl, gRPC, a stream and a beacon, the answer a moment later, and an account
 * in which every event is to be found.
 */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Health, HealthCheckResponse_ServingStatus } from "@millrace/api/grpc/health/v1/health_pb";
import { ServerReflection } from "@millrace/api/grpc/reflection/v1/reflection_pb";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { IngestService, Outcome } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type Millrace, startMillrace, until } from "@millrace/harness";
import { ask, createKey, lastDays } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";

const HOUR_MS = 3_600_000;
/** Today and yesterday, so that midnight does no harm. */
const RECENTLY = lastDays(2);
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

function view(page: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name: "page_view", userId: "ada", properties: { url: `https://example.org${page}` }, ...more };
}

async function pageViews(millrace: Millrace, page: string): Promise<number> {
  const rows = await ask(millrace, {
    projectId: "demo",
    metrics: ["page_views"],
    dimensions: ["page"],
    timeRange: RECENTLY,
  });
  return Number(rows.find((row) => row["page"] === page)?.["page_views"] ?? 0);
}

function post(millrace: Millrace, path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${millrace.url}${path}`, { method: "POST", body, headers });
}

async function failureOf(call: Promise<unknown>): Promise<{ code: Code; reason: string | undefined }> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown),
  );
  if (error === undefined) throw new Error("the call should have failed");
  return { code: error.code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
}

describe("an event", () => {
  it("can be asked for a moment after it was sent, whatever way it came", async () => {
    const millrace = await startMillrace();
    const key = millrace.keys.projectKeys["demo"]!;
    const client = millrace.client(IngestService, key);
    const json = { "x-api-key": key, "content-type": "application/json" };
    async function* messages(page: string) {
      yield { streamId: "first", sequence: 1n, events: [view(page)] };
    }
    const ways: Record<string, () => Promise<unknown>> = {
      curl: () =>
        post(millrace, "/v1/events", JSON.stringify({ name: "page_view", properties: { url: "/curl" } }), json),
      Send: () => client.send({ events: [view("/Send")] }),
      Stream: () => client.stream(messages("/Stream")),
      Connect: () => millrace.client(IngestService, key, "connect").send({ events: [view("/Connect")] }),
      beacon: () =>
        post(
          millrace,
          `/v1/beacon?key=${key}`,
          JSON.stringify({ event_type: "page_view", properties: { url: "/beacon" } }),
          {
            "content-type": "text/plain",
            // Node's own name would be taken for a bot's.
            "user-agent": BROWSER,
          },
        ),
    };
    const latencies: string[] = [];
    for (const [way, send] of Object.entries(ways)) {
      const startMs = performance.now();
      await send();
      const sentMs = performance.now();
      await until(`the event by ${way} is in an answer`, async () => (await pageViews(millrace, `/${way}`)) === 1, {
        everyMs: 2,
      });
      latencies.push(`${way} ${(sentMs - startMs).toFixed(0)} + ${(performance.now() - sentMs).toFixed(0)} ms`);
    }
    process.stdout.write(`sent + visible after: ${latencies.join(", ")}\n`);
  });

  it("counts once, however often it is sent, and whoever sends it once it was counted is told so", async () => {
    const millrace = await startMillrace();
    const key = millrace.keys.projectKeys["demo"]!;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const event = JSON.stringify({ event_id: "e-1", name: "page_view", properties: { url: "/once" } });
    const send = async () => {
      const answer = await post(millrace, "/v1/events", event, headers);
      return [answer.status, await answer.json()];
    };
    expect(await send()).toEqual([202, { acceptedCount: 1 }]);
    await millrace.untilCounted("demo", 1);
    // A service that has not seen it itself may answer before it has heard of it, and then processing finds it out.
    let accepted = 1;
    const told = await until("an attempt is told so", async () => {
      const [status, answer] = await send();
      if (status === 202) accepted++;
      return status === 202 ? undefined : [status, answer];
    });
    expect(told).toMatchObject([409, { duplicateCount: 1, outcomes: [{ eventId: "e-1" }] }]);
    await millrace.untilCounted("demo", accepted);
    expect(await pageViews(millrace, "/once")).toBe(1);
  });
});

describe("a key", () => {
  it("is refused with what is wrong about it", async () => {
    const millrace = await startMillrace();
    const good = millrace.keys.projectKeys["demo"]!;
    const revoked = await createKey(millrace, "demo", [Scope.INGEST]);
    const [, , keyId = ""] = revoked.split("_");
    await millrace.client(ApiKeyService).revokeApiKey({ keyId });
    const reportOnly = await createKey(millrace, "demo", [Scope.REPORT]);
    const wrongs: [string, string, Code][] = [
      ["not-a-key", "CREDENTIAL_MALFORMED", Code.Unauthenticated],
      [`${good.slice(0, -1)}${good.endsWith("a") ? "b" : "a"}`, "CREDENTIAL_MALFORMED", Code.Unauthenticated],
      [revoked, "CREDENTIAL_REVOKED", Code.Unauthenticated],
      [reportOnly, "SCOPE_MISSING", Code.PermissionDenied],
    ];
    for (const [key, reason, code] of wrongs) {
      const send = millrace.client(IngestService, key).send({ events: [view("/")] });
      expect(await failureOf(send)).toEqual({ code, reason });
      const posted = await post(millrace, "/v1/events", "{}", { "x-api-key": key });
      expect([posted.status, await posted.text()]).toEqual([
        code === Code.Unauthenticated ? 401 : 403,
        expect.stringContaining(reason),
      ]);
      expect((await post(millrace, `/v1/beacon?key=${key}`, "{}")).status).toBe(posted.status);
    }
    const ingestOnly = await createKey(millrace, "demo", [Scope.INGEST]);
    const query = { metrics: ["page_views"], timeRange: RECENTLY };
    const asked = millrace.client(ReportingService, ingestOnly).query({ query });
    expect(await failureOf(asked)).toEqual({ code: Code.PermissionDenied, reason: "SCOPE_MISSING" });
    const elsewhere = millrace.client(ReportingService, good).query({ query: { ...query, projectId: "other" } });
    expect(await failureOf(elsewhere)).toEqual({ code: Code.NotFound, reason: "PROJECT_NOT_FOUND" });
    const none = await post(millrace, "/v1/events", "{}");
    expect([none.status, await none.text()]).toEqual([401, expect.stringContaining("CREDENTIAL_MISSING")]);
    // The key of another installation is well-formed, and unknown here.
    const stranger = (await startMillrace()).keys.projectKeys["demo"]!;
    const unknown = millrace.client(IngestService, stranger).send({ events: [view("/")] });
    expect(await failureOf(unknown)).toEqual({ code: Code.Unauthenticated, reason: "CREDENTIAL_UNKNOWN" });
  });
});

describe("tools", () => {
  it("find health, and reflection where it is on", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_REFLECTION: "true" } });
    const transport = createGrpcTransport({ baseUrl: millrace.url });
    const { status } = await createClient(Health, transport).check({ service: IngestService.typeName });
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
    async function* requests() {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    }
    const names: string[] = [];
    for await (const { messageResponse } of createClient(ServerReflection, transport).serverReflectionInfo(
      requests(),
    )) {
      if (messageResponse.case !== "listServicesResponse") continue;
      names.push(...messageResponse.value.service.map(({ name }) => name));
    }
    expect(names).toEqual(expect.arrayContaining([IngestService.typeName, ReportingService.typeName]));
    expect((await fetch(`${millrace.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${millrace.adminUrl}/readyz`)).status).toBe(200);
  });
});

describe("the balance sheet", () => {
  it("has every event that was accepted, and agrees with what callers and ingest counted", async () => {
    const millrace = await startMillrace();
    const client = millrace.client(IngestService, millrace.keys.projectKeys["demo"]);
    const nowMs = Date.now();
    const late = { time: timestampFromMs(nowMs - 72 * HOUR_MS) };
    const batches = Array.from({ length: 20 }, (_, batch) => [
      ...Array.from({ length: 40 }, (_, i) =>
        view(`/${i}`, { eventId: `b${batch}-${i}`, time: timestampFromMs(nowMs - i) }),
      ),
      view("/late", { eventId: `late-${batch}`, ...late }),
      view("/bot", { eventId: `bot-${batch}`, properties: { url: "/bot", user_agent: "Googlebot/2.1" } }),
      view("/again", { eventId: "always-the-same", time: timestampFromMs(nowMs - 1) }),
      view("/", { eventId: `nameless-${batch}`, name: "" }),
      view("/", { eventId: `future-${batch}`, time: timestampFromMs(nowMs + HOUR_MS) }),
    ]);
    const account = { accepted: 0, duplicate: 0, rejected: 0, retry: 0 };
    for (const events of [...batches, ...batches.slice(0, 5)]) {
      const answer = await client.send({ events });
      account.accepted += answer.acceptedCount;
      account.duplicate += answer.duplicateCount;
      account.rejected += answer.rejectedCount;
      account.retry += answer.retryCount;
      expect(answer.outcomes.filter(({ outcome }) => outcome === Outcome.REJECTED)).toHaveLength(answer.rejectedCount);
    }
    expect(account).toEqual({ accepted: 20 * 42 + 1, duplicate: 19 + 5 * 43, rejected: 50, retry: 0 });

    const sheet = (await millrace.untilCounted("demo", account.accepted))!;
    expect(sheet).toMatchObject({
      acceptedCount: BigInt(account.accepted),
      foldedCount: 20n * 41n + 1n,
      lateCount: 20n,
      botCount: 20n,
      duplicateCount: 0n,
      deadLetteredCount: 0n,
      inFlightCount: 0n,
    });
    const metrics = await millrace.metrics();
    const counted = (outcome: string): number =>
      [...metrics.matchAll(new RegExp(`^millrace_ingest_events\\S*outcome="${outcome}"\\S* (\\d+)`, "gm"))]
        .map(([, value]) => Number(value))
        .reduce((sum, value) => sum + value, 0);
    expect({
      accepted: counted("accepted"),
      duplicate: counted("duplicate"),
      rejected: counted("rejected"),
      retry: counted("retry"),
    }).toEqual(account);

    // Stored once: a restart reads the same account from the blocks.
    await millrace.kill9();
    await millrace.restart();
    expect(await millrace.untilCounted("demo", account.accepted)).toMatchObject({ foldedCount: sheet.foldedCount });
  });
});
