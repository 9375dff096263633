import { setTimeout } from "node:timers/promises";
import type { Cache } from "@millrace/cache";
import {
  decodeTailMessage,
  encodeTailRequest,
  TAIL_REQUESTS_CHANNEL,
  type TailMessage,
  type TailRequest,
  tailChannel,
} from "@millrace/tail";
import { within } from "../within.ts";
import { ProcessedEvent } from "./processed-event.ts";

/** What a tail is told of its project. */
export type TailListener = {
  /** Events were processed, and so many more that are not told of. */
  processed(events: readonly ProcessedEvent[], skipped: number): void;
  /** Events that were processed before; an answer to the request. */
  recent(request: string, events: readonly ProcessedEvent[]): void;
  /** It is not known what was processed. */
  missed(): void;
};

/** What feeds need. */
export type TailFeedDeps = {
  readonly cache: Cache;
  readonly log: { warn(fields: object, message: string): void };
};

/** Processing is asked anew this often; a processor that has just begun hears of a tail by that. */
const RENEW_MS = 1_000;

/** Nobody waits longer than this for a cache that does not answer. */
const BEGIN_MS = 1_000;

/** The pause before a lost subscription is made again. */
const RETRY_MS = 500;

/** The events of the projects that are being tailed: one subscription for all tails of a project. */
export class TailFeeds {
  readonly #deps: TailFeedDeps;
  readonly #feeds = new Map<string, TailFeed>();

  constructor(deps: TailFeedDeps) {
    this.#deps = deps;
  }

  /** Tells a listener what is processed from when the promise resolves until `remove` is called. */
  async listen(projectId: string, listener: TailListener): Promise<TailFeed> {
    let feed = this.#feeds.get(projectId);
    if (feed === undefined) {
      feed = new TailFeed(projectId, this.#deps, () => this.#feeds.delete(projectId));
      this.#feeds.set(projectId, feed);
    }
    feed.add(listener);
    await within(BEGIN_MS, feed.began);
    return feed;
  }
}

/** The events of one project, for as long as anyone listens. */
export class TailFeed {
  /** Resolves once the first attempt to subscribe has ended. */
  readonly began: Promise<void>;
  readonly #projectId: string;
  readonly #deps: TailFeedDeps;
  readonly #onEnd: () => void;
  readonly #listeners = new Set<TailListener>();
  readonly #ended = new AbortController();
  readonly #renewing: NodeJS.Timeout;
  /** The last message of each partition. */
  readonly #last = new Map<string, Pick<TailMessage, "epoch" | "sequence">>();

  constructor(projectId: string, deps: TailFeedDeps, onEnd: () => void) {
    this.#projectId = projectId;
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.#renewing = setInterval(() => void this.ask({}), RENEW_MS).unref();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.began = promise;
    void this.#run(resolve);
  }

  add(listener: TailListener): void {
    this.#listeners.add(listener);
  }

  /** Ends with its last listener. */
  remove(listener: TailListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0 || this.#ended.signal.aborted) return;
    this.#ended.abort();
    clearInterval(this.#renewing);
    this.#onEnd();
  }

  /** Asks processing for the project's events, and for recent ones where it is said. */
  async ask(more: Pick<TailRequest, "recent">): Promise<void> {
    try {
      const request = encodeTailRequest({ projectId: this.#projectId, ...more });
      await this.#deps.cache.publish(TAIL_REQUESTS_CHANNEL, request, { signal: this.#ended.signal });
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#warn(error, "could not ask for the project's events");
    }
  }

  async #run(began: () => void): Promise<void> {
    const { signal } = this.#ended;
    for (let first = true; !signal.aborted; first = false) {
      try {
        const messages = await this.#deps.cache.subscribe(tailChannel(this.#projectId), { signal });
        await within(BEGIN_MS, this.ask({}));
        began();
        if (!first) this.#last.clear();
        for await (const { payload } of messages) this.#take(decodeTailMessage(payload));
      } catch (error) {
        if (!signal.aborted) this.#warn(error, "processed events were lost");
      }
      for (const listener of this.#listeners) listener.missed();
      began();
      if (!signal.aborted) await setTimeout(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #take({ source, epoch, sequence, events, skipped, request }: TailMessage): void {
    const processed = events.map((event) => new ProcessedEvent(source, event));
    if (request !== undefined) {
      for (const listener of this.#listeners) listener.recent(request, processed);
      return;
    }
    const last = this.#last.get(source);
    const isNext = last === undefined || (last.epoch === epoch && last.sequence + 1 === sequence);
    this.#last.set(source, { epoch, sequence });
    for (const listener of this.#listeners) {
      if (!isNext) listener.missed();
      listener.processed(processed, skipped);
    }
  }

  #warn(error: unknown, message: string): void {
    this.#deps.log.warn({ err: error, projectId: this.#projectId }, message);
  }
}
