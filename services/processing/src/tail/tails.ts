import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Cache } from "@millrace/cache";
import {
  decodeTailRequest,
  encodeTailMessage,
  TAIL_REQUEST_LASTS_MS,
  TAIL_REQUESTS_CHANNEL,
  type TailRequest,
  type ToldEvent,
  tailChannel,
} from "@millrace/tail";
import { observeOne } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import type { StagedBatch } from "../fold/staged-batch.ts";
import { RecentEvents, type RecentLimits } from "./recent-events.ts";
import { TailedPartition } from "./tailed-partition.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Projects that are tailed at the same time; more are not told of. */
const PROJECTS_MAX = 1_000;

/** What this process tells of all projects, in bytes a second. */
const BYTES_PER_SECOND = 4 * 1024 * 1024;

/** Memory of recent events. */
const RECENT_LIMITS: RecentLimits = { projectsMax: 1_000, bytesMax: 8 * 1024 * 1024 };

/** The pause before a lost subscription is made again. */
const RETRY_MS = 500;

/** What tails need. */
export type TailsDeps = {
  readonly cache: Pick<Cache, "publish" | "subscribe">;
  readonly clock: { now(): number };
  readonly meter: Meter;
  readonly log: { warn(fields: object, message: string): void };
  readonly random?: () => number;
  readonly recentLimits?: RecentLimits;
};

type TailedProject = { untilMs: number; readonly partitions: Map<string, TailedPartition> };

/**
 * Tells the events of projects that somebody tails, once it is known what became of them. The fold neither waits for it
 * nor depends on it (P3): what can't be told at once is sampled, counted and forgotten.
 */
export class Tails {
  readonly #deps: TailsDeps;
  readonly #recent: RecentEvents;
  readonly #tailed = new Map<string, TailedProject>();
  readonly #budget: TokenBucket;
  readonly #stopped = new AbortController();

  constructor(deps: TailsDeps) {
    this.#deps = deps;
    this.#recent = new RecentEvents(deps.recentLimits ?? RECENT_LIMITS);
    this.#budget = new TokenBucket(BYTES_PER_SECOND, deps.clock.now());
    observeOne(deps.meter, "millrace.processing.tails", (tell) => tell(this.#tailed.size, {}));
  }

  /** Begins to listen to requests, as soon as the cache lets it. */
  start(): void {
    void this.#listen();
  }

  /** Tells no more. Idempotent. */
  stop(): void {
    this.#stopped.abort();
    for (const projectId of [...this.#tailed.keys()]) this.#forget(projectId);
  }

  /** Takes note of a batch that was folded, of the partition `source`. Nothing waits for what comes of it. */
  folded(source: string, batch: StagedBatch): void {
    this.#recent.note(source, batch);
    if (this.#tailed.size > 0) this.#tell(source, batch);
  }

  /** Asks for a project's events from now on, and for those before where the request says so. */
  asked({ projectId, recent }: TailRequest): void {
    const now = this.#deps.clock.now();
    const known = this.#tailed.get(projectId);
    if (known !== undefined) known.untilMs = now + TAIL_REQUEST_LASTS_MS;
    else {
      this.#forgetSilent(now);
      if (this.#tailed.size >= PROJECTS_MAX) return;
      this.#tailed.set(projectId, { untilMs: now + TAIL_REQUEST_LASTS_MS, partitions: new Map() });
    }
    if (recent !== undefined) this.#tellRecent(projectId, recent.request, recent.count);
  }

  async #listen(): Promise<void> {
    const { cache, log } = this.#deps;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const messages = await cache.subscribe(TAIL_REQUESTS_CHANNEL, { signal });
        for await (const { payload } of messages) this.asked(decodeTailRequest(payload));
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "requests to tell events were lost");
      }
      if (!signal.aborted) await setTimeout(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #tell(source: string, batch: StagedBatch): void {
    const now = this.#deps.clock.now();
    const noted = new Set<TailedPartition>();
    for (const record of batch.records) {
      for (const section of record.sections) {
        const { projectId } = section.plan;
        const project = this.#tailed.get(projectId);
        if (project === undefined) continue;
        if (project.untilMs < now) {
          this.#forget(projectId);
          continue;
        }
        const partition = this.#partition(projectId, project, source);
        partition.note(batch, record, section);
        noted.add(partition);
      }
    }
    for (const partition of noted) partition.tell();
  }

  #partition(projectId: string, project: TailedProject, source: string): TailedPartition {
    const known = project.partitions.get(source);
    if (known !== undefined) return known;
    const { clock, random = Math.random } = this.#deps;
    const publish = (message: Uint8Array) => this.#publish(projectId, message);
    const made = new TailedPartition(source, randomUUID(), { clock, random, budget: this.#budget, publish });
    project.partitions.set(source, made);
    return made;
  }

  #tellRecent(projectId: string, request: string, count: number): void {
    const bySource = new Map<string, ToldEvent[]>();
    for (const { source, event } of this.#recent.of(projectId, count)) {
      const events = bySource.get(source) ?? [];
      bySource.set(source, events);
      events.push(event);
    }
    for (const [source, events] of bySource) {
      const message = { source, epoch: "", sequence: 0, events, skipped: 0, request };
      void this.#publish(projectId, encodeTailMessage(message));
    }
  }

  async #publish(projectId: string, message: Uint8Array): Promise<void> {
    try {
      await this.#deps.cache.publish(tailChannel(projectId), message, { signal: this.#stopped.signal });
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#deps.log.warn({ err: error, projectId }, "could not tell events");
    }
  }

  #forgetSilent(now: number): void {
    for (const [projectId, { untilMs }] of this.#tailed) if (untilMs < now) this.#forget(projectId);
  }

  #forget(projectId: string): void {
    for (const partition of this.#tailed.get(projectId)?.partitions.values() ?? []) partition.stop();
    this.#tailed.delete(projectId);
  }
}
