import { createClient, type Transport } from "@connectrpc/connect";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { Failure } from "@millrace/failure";
import { inSpan } from "@millrace/telemetry";
import { type Meter, type Tracer, trace } from "@opentelemetry/api";
import { createAuthenticate } from "./authenticate.ts";
import { DEFAULT_LIMITS, type SnapshotLimits } from "./limits.ts";
import { LiveCache } from "./live-cache.ts";
import { observeSnapshot } from "./observe-snapshot.ts";
import { type Credential, createOrigin, type KeyHolder, type Served } from "./origin.ts";
import { Revisions } from "./revisions.ts";
import { VisitorSalts } from "./visitor-salts.ts";
import { watchChanges } from "./watch.ts";
import { withSignal } from "./with-signal.ts";

/** Where a snapshot tells what happens to it; pino's loggers fit. */
export type SnapshotLog = { warn(fields: object, message: string): void };

/** What a snapshot is made of. */
export type SnapshotOptions = {
  /** Leads to config's SnapshotService, with a credential of the scope SERVICE. */
  readonly transport: Transport;
  readonly log?: SnapshotLog;
  readonly limits?: Partial<SnapshotLimits>;
  /** The present, in epoch milliseconds; decides only how old things may get. */
  readonly now?: () => number;
  /** Gives numbers in [0, 1), for the pauses between attempts. */
  readonly random?: () => number;
  /** Where measurements go. */
  readonly meter?: Meter;
  /** Where the spans of lookups go; the process's own unless given. */
  readonly tracer?: Tracer;
};

/** What each call may be given. */
export type CallOptions = { readonly signal?: AbortSignal };

/** A live copy of what config knows. */
export interface Snapshot {
  /**
   * The newest known definitions of a project. While config is away they are those of before.
   *
   * @throws Failure `notFound` (PROJECT_NOT_FOUND), `unavailable` when nothing is known and config is away
   */
  definitions(projectId: string, options?: CallOptions): Promise<Definitions>;
  /** The newest known definitions if they are in memory, for paths that can not wait. */
  peekDefinitions(projectId: string): Definitions | undefined;
  /**
   * The definitions of one revision, waiting for as long as config is away.
   *
   * @throws Failure `notFound` (REVISION_NOT_FOUND), `cancelled` when the signal aborts or the snapshot closes
   */
  definitionsAt(projectId: string, revision: bigint | number, options?: CallOptions): Promise<Definitions>;
  /** The definitions of one revision if they are in memory. */
  peekDefinitionsAt(projectId: string, revision: bigint | number): Definitions | undefined;
  /** The generation of blocks that is served for a project. Fails as {@link Snapshot.definitions} does. */
  servedGeneration(projectId: string, options?: CallOptions): Promise<number>;
  /**
   * Who holds an API key.
   *
   * @param text what the caller sent, without "Bearer "
   * @throws Failure `unauthenticated` (CREDENTIAL_MISSING, CREDENTIAL_MALFORMED, CREDENTIAL_UNKNOWN, CREDENTIAL_REVOKED);
   *   `unavailable` when the key was never seen and config is away
   */
  authenticate(text: string | undefined, options?: CallOptions): Promise<KeyHolder>;
  /**
   * The secret that pseudonyms of web visitors are made with on the day (UTC) that holds `nowMs`, the same in every
   * process; undefined while it is not known and config is away. It is read a day ahead.
   */
  visitorSalt(nowMs: number, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** Resolves once config has answered for the first time. Fails with `cancelled` when the signal aborts. */
  ready(options?: CallOptions): Promise<void>;
  /** Ends the watch; calls after it fail with `unavailable` (CLOSED). Idempotent. */
  close(): Promise<void>;
}

/** Starts a snapshot. It reads what is asked for, when it is asked for, and watches for changes at once. */
export function createSnapshot(options: SnapshotOptions): Snapshot {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { now = Date.now, random = Math.random, tracer = trace.getTracer("millrace") } = options;
  const closing = new AbortController();
  const client = createClient(SnapshotService, options.transport);
  const origin = createOrigin(client, limits.readTimeoutMs, closing.signal);
  const bounds = { ...limits, bytesMax: limits.definitionsBytesMax, now };
  const projects = new LiveCache<Served>({
    ...bounds,
    read: (projectId) => origin.readDefinitions(projectId, 0n),
    sizeOf: (served) => served.bytes,
    entriesMax: limits.projectsMax,
    refreshMs: limits.definitionsRefreshMs,
  });
  const credentials = new LiveCache<Credential>({
    ...bounds,
    read: origin.readCredential,
    sizeOf: () => 1,
    entriesMax: limits.credentialsMax,
    bytesMax: limits.credentialsMax,
    refreshMs: limits.credentialRefreshMs,
  });
  const revisions = new Revisions({
    ...bounds,
    read: origin.readDefinitions,
    entriesMax: limits.revisionsMax,
    random,
    closed: closing.signal,
  });
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  let isWatching = false;
  const listener = {
    ended() {
      isWatching = false;
    },
    began() {
      isWatching = true;
      projects.allChanged();
      credentials.allChanged();
      begin();
    },
    projectChanged: (id: string) => projects.changed(id),
    keyChanged: (id: string) => credentials.changed(id),
  };
  const { log } = options;
  const watching = watchChanges(client, listener, { ...bounds, random, log, signal: closing.signal });
  const authenticate = createAuthenticate(credentials);
  const visitorSalts = new VisitorSalts({ read: origin.readVisitorSalts, log });

  if (options.meter !== undefined) {
    observeSnapshot(options.meter, { definitions: projects, credentials, revisions }, () => isWatching);
  }

  function peekDefinitionsAt(projectId: string, revision: bigint | number): Definitions | undefined {
    const wanted = BigInt(revision);
    const newest = projects.glance(projectId)?.definitions;
    return newest?.revision === wanted ? newest : revisions.peek(projectId, wanted);
  }
  function checkOpen(): void {
    if (closing.signal.aborted) throw new Failure("unavailable", "CLOSED", "the snapshot of configuration was closed");
  }
  return {
    async definitions(projectId, { signal } = {}) {
      checkOpen();
      const outcome = projects.glance(projectId) === undefined ? "miss" : "hit";
      const attributes = { "millrace.outcome": outcome, "millrace.project": projectId };
      const read = () => projects.get(projectId, signal);
      return (await inSpan(tracer, "snapshot definitions", { attributes }, read)).definitions;
    },
    peekDefinitions: (projectId) => projects.peek(projectId)?.definitions,
    async definitionsAt(projectId, revision, { signal } = {}) {
      checkOpen();
      const known = peekDefinitionsAt(projectId, revision);
      if (known === undefined) revisions.missCount++;
      else revisions.hitCount++;
      return known ?? revisions.get(projectId, BigInt(revision), signal);
    },
    peekDefinitionsAt,
    async servedGeneration(projectId, { signal } = {}) {
      checkOpen();
      return (await projects.get(projectId, signal)).servedGeneration;
    },
    async authenticate(text, { signal } = {}) {
      checkOpen();
      return authenticate(text, signal);
    },
    async visitorSalt(nowMs, { signal } = {}) {
      checkOpen();
      return visitorSalts.get(nowMs, signal);
    },
    ready: ({ signal } = {}) => withSignal(began, signal),
    async close() {
      closing.abort(new Failure("unavailable", "CLOSED", "the snapshot of configuration was closed"));
      await watching;
    },
  };
}
