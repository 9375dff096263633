/** Processing on embedded backends, for its tests: a log to append to, and blocks to read back. */
import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import type { CellStore } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { type EventLog, type EventSection, type StampedEvent, writeSections } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { Failure } from "@millrace/failure";
import {
  Block,
  granularityKeys,
  layoutFamilies,
  readableFamilies,
  templateMetrics,
  templateRollups,
} from "@millrace/rollup";
import { inProcessTransport, silentLogger } from "@millrace/runtime";
import type { Snapshot } from "@millrace/snapshot";
import { createNoopMeter } from "@opentelemetry/api";
import { expect, vi } from "vitest";
import { createProcessingApp, PROCESSING_GROUP, type ProcessingApp, type ProcessingDeps } from "./app.ts";
import type { DeadLetter } from "./dead-letters/dead-letters.ts";
import { PROCESSING_VERSION } from "./fold/plans.ts";

/** Definitions of a project on a template, at a revision. */
export function definitionsOf(projectId: string, template: Template, revision = 1): Definitions {
  const metrics = [...templateMetrics(template)];
  const rollups = [...templateRollups(template)];
  return create(DefinitionsSchema, {
    projectId,
    revision: BigInt(revision),
    timeZone: "UTC",
    dayOffsetsMinutes: [0],
    lateWindows: [{ window: durationFromMs(48 * 3_600_000) }],
    spread: 1,
    processingVersion: PROCESSING_VERSION,
    metrics,
    rollups,
    families: layoutFamilies([], rollups, metrics),
  });
}

/** A snapshot that knows given definitions and nothing else. */
export function snapshotOf(...all: readonly Definitions[]): Snapshot {
  const known = new Map(all.map((one) => [`${one.projectId}@${one.revision}`, one]));
  const find = (projectId: string, revision: bigint | number): Definitions => {
    const found = known.get(`${projectId}@${revision}`);
    if (found === undefined) throw new Failure("notFound", "REVISION_NOT_FOUND", `no revision ${revision}`);
    return found;
  };
  return {
    definitions: async (projectId) => find(projectId, 1),
    peekDefinitions: (projectId) => find(projectId, 1),
    definitionsAt: async (projectId, revision) => find(projectId, revision),
    peekDefinitionsAt: find,
    servedGeneration: async () => 1,
    visitorSalt: async () => undefined,
    authenticate: async () => {
      throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "nobody is known here");
    },
    ready: async () => {},
    close: async () => {},
  };
}

/** A stamped page view. */
export function pageView(id: string, page: string, timeMs: number, more: Partial<StampedEvent> = {}): StampedEvent {
  const properties = { url: `https://shop.example${page}` };
  const event = { eventId: id, name: "page_view", userId: `user-${id}`, time: timestampFromMs(timeMs), properties };
  const bytes = toBinary(EventSchema, create(EventSchema, event));
  return { timeMs, claimTimeMs: timeMs, late: false, assignedId: "", bytes, ...more };
}

/** A section of events of a project, received now. */
export function section(projectId: string, nowMs: number, events: readonly StampedEvent[]): EventSection {
  const stamps = { revision: 1, processingVersion: PROCESSING_VERSION, imported: false, receivedAtMs: nowMs };
  return { projectId, ...stamps, userAgent: "", events };
}

/** What a test bed is made of, where it is not the default. */
export type TestBedOptions = Partial<ProcessingDeps> & {
  readonly definitions: readonly Definitions[];
  readonly directory?: string;
  readonly partitions?: number;
  /** The log's clock; the system's by default. */
  readonly logClock?: () => number;
};

/** Backends that survive a restart of processing, and processing on them. */
export async function openTestBed(options: TestBedOptions) {
  const directory = options.directory ?? ":memory:";
  const eventLog = await openEmbeddedEventLog({
    directory,
    partitions: options.partitions ?? 1,
    clock: options.logClock ?? Date.now,
  });
  const cellStore = await openEmbeddedCellStore({ directory });
  const claims = await openEmbeddedClaims({ directory });
  const cache = await openEmbeddedCache();
  const letters: DeadLetter[] = [];
  const failures: unknown[] = [];
  const deps: ProcessingDeps = {
    eventLog,
    cellStore,
    claims,
    cache,
    deadLetters: { put: async (some) => void letters.push(...some) },
    snapshot: snapshotOf(...options.definitions),
    clock: Date,
    meter: createNoopMeter(),
    log: silentLogger(),
    blockBytesMax: 64 * 1024 * 1024,
    flushIntervalScale: 0.001,
    claimsExpire: false,
    onFailure: (error) => void failures.push(error),
    ...options,
  };
  return {
    ...deps,
    eventLog: eventLog as EventLog,
    letters,
    failures,
    /** Starts a processor; as often as a test likes. */
    async start(changed: Partial<ProcessingDeps> = {}) {
      const app = createProcessingApp({ ...deps, ...changed });
      await app.start();
      return app;
    },
    /** Folds the whole log once more, as a group of its own, and drains. */
    async foldAs(group: string, changed: Partial<ProcessingDeps>) {
      const join: EventLog["join"] = (_, handler, options) => eventLog.join(group, handler, options);
      const app = createProcessingApp({ ...deps, ...changed, eventLog: altered<EventLog>(eventLog, { join }) });
      await app.start();
      const { end } = await eventLog.bounds(0);
      await expect.poll(() => eventLog.committed(group, 0), { timeout: 30_000, interval: 20 }).toBe(end);
      await app.drain();
    },
    append: (sections: readonly EventSection[], partition = 0) => eventLog.append(partition, writeSections(sections)),
    async close() {
      await Promise.all([eventLog.close(), cellStore.close(), claims.close(), cache.close()]);
    },
  };
}

/** Resolves once the log's only partition is committed up to an offset. */
export async function untilCommitted(bed: Pick<ProcessingDeps, "eventLog">, offset: number): Promise<void> {
  const committed = async () =>
    expect(await bed.eventLog.committed(PROCESSING_GROUP, 0)).toBeGreaterThanOrEqual(offset);
  await vi.waitFor(committed, { timeout: 10_000, interval: 20 });
}

/** What StatusService says; of one project where it is named. */
export function statusOf(app: ProcessingApp, projectId = "") {
  const principal = { keyId: "test", projectId: undefined, scopes: new Set([Scope.REPORT]) };
  const transport = inProcessTransport((router) => app.routes(router), { principal });
  return createClient(StatusService, transport).getStatus({ projectId });
}

/** The same port with some of its calls replaced. */
export function altered<T extends object>(port: T, calls: Partial<T>): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = name in calls ? Reflect.get(calls, name) : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Every stored block of a project: its write time and a hash of its bytes, by key. */
export async function storedBlocks(store: CellStore, definitions: Definitions): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const family of readableFamilies(definitions)) {
    for (const granularity of granularityKeys(definitions.dayOffsetsMinutes)) {
      const series = { projectId: definitions.projectId, family: family.id, generation: 1, granularity };
      for await (const blocks of store.scan({ ...series, fromBucket: 0, toBucket: 2 ** 31 })) {
        for (const { key, wts, blob } of blocks) {
          found[Object.values(key).join("/")] = `${wts} ${createHash("sha1").update(blob).digest("hex")}`;
        }
      }
    }
  }
  return found;
}

/** Everything stored of a project at a granularity: the sum of a metric's counts by tuple, over buckets and sources. */
export async function storedCounts(
  store: CellStore,
  definitions: Definitions,
  rollup: string,
  granularity: string,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const family of readableFamilies(definitions)) {
    const place = family.rollups.findIndex(({ name }) => name === rollup);
    if (place < 0) continue;
    const series = { projectId: definitions.projectId, family: family.id, generation: 1, granularity };
    for await (const blocks of store.scan({ ...series, fromBucket: 0, toBucket: 2 ** 31 })) {
      for (const { blob } of blocks) {
        for (const [tuple, cell] of Block.decode(family.schema, blob).sections[place]!.entries()) {
          const [state] = cell as unknown as [{ count: number }];
          counts[tuple] = (counts[tuple] ?? 0) + state.count;
        }
      }
    }
  }
  return counts;
}

/** A repeatable source of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The template that most tests use. */
export const WEB = Template.WEB;
