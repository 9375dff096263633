import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Cache } from "@millrace/cache";
import { type EventAppender, type EventSection, readSections } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { Failure } from "@millrace/failure";
import { createTelemetry, type Principal, type RunningServer, silentLogger, startServer } from "@millrace/runtime";
import { onTestFinished } from "vitest";
import { createIngestApp, type IngestApp } from "../app.ts";
import type { IngestSnapshot } from "../caller.ts";
import { trackerScriptOf } from "../http/get-tracker-script.ts";
import type { IngestLimits } from "../limits.ts";
import type { ClaimLookup } from "../send/known-claims.ts";

/** The present of every test. */
export const NOW = Date.UTC(2026, 2, 1, 12);

/** Keys that the tests' snapshot knows. */
const KEYS: Readonly<Record<string, Principal>> = {
  "ingest-key": { keyId: "i", projectId: "shop", scopes: new Set([Scope.INGEST]) },
  "wide-key": { keyId: "w", projectId: "wide", scopes: new Set([Scope.INGEST]) },
  "import-key": { keyId: "m", projectId: "shop", scopes: new Set([Scope.INGEST, Scope.IMPORT]) },
  "page-key": {
    keyId: "p",
    projectId: "wide",
    scopes: new Set([Scope.INGEST]),
    allowedOrigins: ["https://shop.example", "https://*.shop.example"],
  },
  "report-key": { keyId: "r", projectId: "shop", scopes: new Set([Scope.REPORT]) },
  "account-key": { keyId: "a", projectId: undefined, scopes: new Set([Scope.INGEST]) },
};

const SALT = new Uint8Array(32).fill(7);
const HOUR = { seconds: 3600n };

function definitionsOf(projectId: string) {
  return create(DefinitionsSchema, {
    projectId,
    revision: 7n,
    processingVersion: 3,
    spread: projectId === "wide" ? 8 : 1,
    // Two days at first; since 11 o'clock one hour.
    lateWindows: [
      { window: { seconds: 172_800n } },
      { startTime: { seconds: BigInt(NOW / 1000) - HOUR.seconds }, window: HOUR },
    ],
  });
}

/** A snapshot that knows KEYS and two projects: "shop" of spread 1, and "wide" of spread 8. */
function testSnapshot(visitorSalt: IngestSnapshot["visitorSalt"]): IngestSnapshot {
  const known = new Map(["shop", "wide"].map((id) => [id, definitionsOf(id)]));
  return {
    async authenticate(text) {
      if (text === undefined) throw new Failure("unauthenticated", "CREDENTIAL_MISSING", "there is no key");
      if (!text.endsWith("-key")) throw new Failure("unauthenticated", "CREDENTIAL_MALFORMED", "that is no key");
      const principal = KEYS[text];
      if (principal === undefined) throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "the key is not known");
      return principal;
    },
    async definitions(projectId) {
      return known.get(projectId) ?? definitionsOf(projectId);
    },
    peekDefinitions: (projectId) => known.get(projectId),
    visitorSalt,
  };
}

/** An ingest service behind a real server, over a log in memory. */
export type Fixture = {
  readonly app: IngestApp;
  readonly server: RunningServer;
  readonly client: Client<typeof IngestService>;
  readonly clock: { now: () => number };
  /** Everything in the log, decoded, partition by partition. */
  readonly sections: () => Promise<EventSection[]>;
  readonly metrics: () => Promise<string>;
};

/** What a test changes. */
export type FixtureOptions = {
  readonly limits?: Partial<IngestLimits>;
  readonly claims?: ClaimLookup;
  readonly cache?: Cache;
  /** The secret of the day; the same for ever unless given. */
  readonly visitorSalt?: IngestSnapshot["visitorSalt"];
  readonly trackerScript?: string;
  readonly trustedProxies?: number;
  /** Wraps the log that the service appends to. */
  readonly wrap?: (log: EventAppender) => EventAppender;
};

/** Starts a fixture, and ends it after the test. */
export async function startIngest(options: FixtureOptions = {}): Promise<Fixture> {
  const {
    limits = {},
    claims,
    cache,
    wrap,
    trackerScript,
    visitorSalt = async () => SALT,
    trustedProxies = 0,
  } = options;
  const log = await openEmbeddedEventLog({ directory: ":memory:", partitions: 8 });
  const telemetry = await createTelemetry({ service: "ingest", version: "0" });
  const clock = { now: () => NOW };
  const snapshot = testSnapshot(visitorSalt);
  const eventLog = wrap === undefined ? log : wrap(log);
  const app = createIngestApp({
    eventLog,
    snapshot,
    claims,
    cache,
    trackerScript: trackerScript === undefined ? undefined : trackerScriptOf(Buffer.from(trackerScript)),
    clock,
    log: silentLogger(),
    meter: telemetry.meter,
    limits,
  });
  const server = await startServer({
    service: "ingest",
    version: "0",
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    routes: app.routes,
    rawHandlers: app.rawHandlers,
    cors: { openPaths: app.openPaths },
    trustedProxies,
    authenticate: (text) => snapshot.authenticate(text),
    log: silentLogger(),
    telemetry,
  });
  server.setReady(true);
  onTestFinished(async () => {
    await server.close();
    await app.close();
    await log.close();
    await telemetry.shutdown();
  });
  return {
    app,
    server,
    clock,
    client: createClient(IngestService, createGrpcTransport({ baseUrl: server.url })),
    async sections() {
      const sections: EventSection[] = [];
      for (let partition = 0; partition < log.partitions; partition++) {
        for await (const records of log.read(partition, 0)) {
          for (const { value } of records) sections.push(...readSections(value));
        }
      }
      return sections;
    },
    metrics: async () => (await telemetry.prometheusText()).replace(/,?service_name(space)?="[^"]*"/g, ""),
  };
}

/** The headers that show a key. */
export function bearer(key: string): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${key}` } };
}

/** POSTs text. */
export function post(
  url: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: "POST", body, headers });
}

/** A log that some appends fail in: the hook may throw before, or after, the append. */
export function failingLog(
  log: EventAppender,
  hooks: { before?: (partition: number) => void | Promise<void>; after?: (partition: number) => void },
): EventAppender {
  return {
    generation: log.generation,
    partitions: log.partitions,
    maxRecordBytes: log.maxRecordBytes,
    async append(partition, value, options) {
      await hooks.before?.(partition);
      const result = await log.append(partition, value, options);
      hooks.after?.(partition);
      return result;
    },
  };
}
