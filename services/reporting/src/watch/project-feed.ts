import { setTimeout } from "node:timers/promises";
import type { Cache } from "@millrace/cache";
import { type BlockKey, decodeLiveMessage, liveChannel, watchedKey } from "@millrace/cell-store";
import { within } from "../within.ts";

/** What a watch is told of its project. */
export type FeedListener = {
  /** A block was stored with new cells. */
  changed(key: BlockKey): void;
  /** Something may have been missed. */
  missed(): void;
};

/** What feeds need. */
export type FeedDeps = {
  readonly cache: Cache;
  readonly log: { warn(fields: object, message: string): void };
};

/** The mark that a project is watched is set anew this often, and lives for longer. */
const RENEW_MS = 3_000;
const MARK_MS = 10_000;

/** Nobody waits longer than this for a cache that does not answer. */
const BEGIN_MS = 1_000;

/** The pause before a lost subscription is made again. */
const RETRY_MS = 500;

const MARK = new Uint8Array([1]);

/** The changes of the projects that are being watched: one subscription for all watches of a project. */
export class ProjectFeeds {
  readonly #deps: FeedDeps;
  readonly #feeds = new Map<string, ProjectFeed>();

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Tells a listener of changes from when the promise resolves until the function that it gives is called. */
  async listen(projectId: string, listener: FeedListener): Promise<ProjectFeed> {
    let feed = this.#feeds.get(projectId);
    if (feed === undefined) {
      feed = new ProjectFeed(projectId, this.#deps, () => this.#feeds.delete(projectId));
      this.#feeds.set(projectId, feed);
    }
    feed.add(listener);
    await within(BEGIN_MS, feed.began);
    return feed;
  }
}

/** The changes of one project, for as long as anyone listens. */
export class ProjectFeed {
  /** Resolves once the first attempt to subscribe has ended; without the cache a watch lives from looking at watermarks. */
  readonly began: Promise<void>;
  /** Whether a message came by this subscription: only then does silence say that nothing has changed. */
  heard = false;
  readonly #projectId: string;
  readonly #deps: FeedDeps;
  readonly #onEnd: () => void;
  readonly #listeners = new Set<FeedListener>();
  readonly #ended = new AbortController();
  readonly #renewing: NodeJS.Timeout;

  constructor(projectId: string, deps: FeedDeps, onEnd: () => void) {
    this.#projectId = projectId;
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.#renewing = setInterval(() => void this.#renew(), RENEW_MS).unref();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.began = promise;
    void this.#run(resolve);
  }

  add(listener: FeedListener): void {
    this.#listeners.add(listener);
  }

  /** Ends with its last listener. */
  remove(listener: FeedListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0 || this.#ended.signal.aborted) return;
    this.#ended.abort();
    clearInterval(this.#renewing);
    this.#onEnd();
  }

  async #run(began: () => void): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        const messages = await this.#deps.cache.subscribe(liveChannel(this.#projectId), { signal });
        await within(BEGIN_MS, this.#renew());
        began();
        for (const listener of this.#listeners) listener.missed();
        for await (const { payload } of messages) this.#tell(decodeLiveMessage(payload).key);
      } catch (error) {
        if (!signal.aborted) this.#deps.log.warn({ err: error, projectId: this.#projectId }, "live changes were lost");
      }
      this.heard = false;
      began();
      if (!signal.aborted) await setTimeout(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #tell(key: BlockKey): void {
    this.heard = true;
    for (const listener of this.#listeners) listener.changed(key);
  }

  async #renew(): Promise<void> {
    try {
      await this.#deps.cache.set(watchedKey(this.#projectId), MARK, MARK_MS);
    } catch (error) {
      this.#deps.log.warn({ err: error, projectId: this.#projectId }, "could not mark the project as watched");
    }
  }
}
