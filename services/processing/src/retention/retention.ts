import type { CellStore } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import { bucketStart, granularityKeys, minuteOf, retentionMinutes, tierOf } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import { keepMinutesOf } from "./keep-minutes.ts";

/** A project is looked at this often, one after the other. */
const STEP_MS = 1_000;

/** How many projects are remembered, at most. One that is pushed out is remembered again when it sends again. */
const PROJECTS_MAX = 131_072;

/** What retention needs. */
export type RetentionDeps = {
  readonly store: CellStore;
  readonly snapshot: Snapshot;
  /**
   * Up to when everything is folded, in epoch milliseconds: what is behind may still add to old blocks, and must find
   * them. 0 while that is not known, and then nothing is forgotten.
   */
  readonly foldedMs: () => number;
  readonly log: { warn(fields: object, message: string): void };
};

/**
 * Forgets blocks of granularities that are not kept for ever: those of active projects, one project after the other and a
 * bounded number of rows at a time, so that it is never felt. What is left behind by a project that fell silent is
 * forgotten when it sends again.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  /** Longest not looked at first. */
  readonly #projects = new Set<string>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  /** Remembers a project that has blocks. */
  note(projectId: string): void {
    if (this.#projects.has(projectId)) return;
    if (this.#projects.size >= PROJECTS_MAX) this.#projects.delete(this.#projects.values().next().value!);
    this.#projects.add(projectId);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.step().finally(() => {
        this.#running = undefined;
      });
    }, STEP_MS).unref();
  }

  /** Resolves when it does nothing any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort(new Failure("cancelled", "DRAINING", "processing is stopping"));
    await this.#running;
  }

  /** Forgets some blocks of the next project. One of which there may be more stays the next. Never rejects. */
  async step(): Promise<void> {
    const [projectId] = this.#projects;
    if (projectId === undefined || this.#stopping.signal.aborted) return;
    try {
      if ((await this.#forget(projectId)) > 0) return;
    } catch (error) {
      if (error instanceof Failure && error.kind === "notFound") {
        this.#projects.delete(projectId);
        return;
      }
      if (this.#stopping.signal.aborted) return;
      this.#deps.log.warn({ err: error, projectId }, "could not forget old blocks");
    }
    // To the end, unless it was pushed out meanwhile.
    if (this.#projects.delete(projectId)) this.#projects.add(projectId);
  }

  async #forget(projectId: string): Promise<number> {
    const { store, snapshot, foldedMs } = this.#deps;
    const options = { signal: this.#stopping.signal };
    const { retention, dayOffsetsMinutes } = await snapshot.definitions(projectId, options);
    const kept = retentionMinutes(retention);
    const now = minuteOf(foldedMs());
    let gone = 0;
    for (const granularity of granularityKeys(dayOffsetsMinutes)) {
      const keepMinutes = keepMinutesOf(kept[tierOf(granularity)]);
      if (keepMinutes === undefined || keepMinutes >= now) continue;
      const before = now - keepMinutes;
      gone += await store.expire(projectId, granularity, bucketStart(granularity, before), options);
    }
    return gone;
  }
}
