import type { Cache } from "@millrace/cache";
import { encodeLiveMessage, liveChannel, watchedKey } from "@millrace/cell-store";
import type { PartialBlock } from "@millrace/rollup";
import { within } from "@millrace/telemetry";
import type { BlockEntry } from "../blocks/block-entry.ts";

/** For how long an answer of the cache is believed. */
const BELIEVED_MS = 250;

/** How many projects' marks are remembered. */
const REMEMBERED_MAX = 131_072;

type Log = { warn(fields: object, message: string): void };

/**
 * Publishes the changed cells of projects that are being watched, once they are stored. Live values are the stored ones,
 * pushed early: a message that is lost costs a watcher a read, never a wrong number.
 */
export class LivePublisher {
  readonly #cache: Cache;
  readonly #clock: { now(): number };
  readonly #log: Log;
  readonly #marks = new Map<string, { watched: boolean; askedMs: number }>();

  constructor(cache: Cache, clock: { now(): number }, log: Log) {
    this.#cache = cache;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether a project is being watched, as far as is known by now; asks the cache for the next time. */
  isWatched(projectId: string): boolean {
    const now = this.#clock.now();
    const mark = this.#marks.get(projectId);
    if (mark !== undefined && now - mark.askedMs < BELIEVED_MS) return mark.watched;
    const watched = mark?.watched ?? false;
    // All at once: to look for the oldest of a map that loses some again and again takes longer than to ask anew.
    if (this.#marks.size >= REMEMBERED_MAX && mark === undefined) this.#marks.clear();
    this.#marks.set(projectId, { watched, askedMs: now });
    // Asked of every project: too often to be told in the trace of a flush.
    within(undefined, () => this.#cache.get(watchedKey(projectId))).then(
      (value) => {
        const current = this.#marks.get(projectId);
        if (current !== undefined) current.watched = value !== undefined;
      },
      (error: unknown) => this.#log.warn({ err: error, projectId }, "could not ask whether the project is watched"),
    );
    return watched;
  }

  /** Publishes what changed in stored blocks. Nothing waits for it. */
  publish(changes: readonly (readonly [BlockEntry, PartialBlock])[]): void {
    for (const [{ key }, { bytes: cells, ...position }] of changes) {
      const message = encodeLiveMessage({ key, ...position, cells });
      within(undefined, () => this.#cache.publish(liveChannel(key.projectId), message)).catch((error: unknown) =>
        this.#log.warn({ err: error }, "could not publish changed cells"),
      );
    }
  }
}
