import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { Throttle } from "../live/throttle.ts";
import type { WatchNews } from "../live/use-watch.ts";
import { askAgain } from "../question/use-answer.ts";

/** What is asked again when the watch has news is asked this often at most. */
const PAUSES_MS = { first: 300, live: 1_000, online: 5_000 } as const;
const FRESHNESSES = ["first", "live", "online"] as const;
/** By then a page has loaded. */
const SETTLED_MS = 30_000;

/** Asks again what else is shown when the watch has news. */
export function useNews(): (news: WatchNews) => void {
  const client = useQueryClient();
  const onNews = useMemo(() => new News(client), [client]);
  useEffect(() => () => onNews.stop(), [onNews]);
  return useMemo(() => (news) => onNews.hear(news), [onNews]);
}

class News {
  readonly #client: QueryClient;
  readonly #again: Readonly<Record<(typeof FRESHNESSES)[number], Throttle>>;
  /** When the watch began to tell of everything; undefined once all that is shown was asked for since. */
  #wholeMs: number | undefined;

  constructor(client: QueryClient) {
    this.#client = client;
    const every = (freshness: keyof typeof PAUSES_MS): Throttle =>
      new Throttle(() => askAgain(client, freshness), PAUSES_MS[freshness]);
    this.#again = { first: every("first"), live: every("live"), online: every("online") };
  }

  hear(news: WatchNews): void {
    if (news.kind === "whole") {
      // When the page loads all was asked for just now; after a loss, before it. Of what came in between, the numbers
      // that stand beside the chart must know at once.
      const nowMs = Date.now();
      this.#askOlder(["first"], nowMs);
      this.#askOlder(FRESHNESSES, news.openedMs);
      this.#wholeMs = nowMs;
      return;
    }
    this.#again.online.want();
    if (news.kind === "rows") {
      this.#again.first.want();
      this.#again.live.want();
      this.#wholeMs = undefined;
    } else if (this.#wholeMs !== undefined && Date.now() > this.#wholeMs + SETTLED_MS) {
      this.#askOlder(FRESHNESSES, this.#wholeMs);
      this.#wholeMs = undefined;
    }
  }

  stop(): void {
    for (const one of Object.values(this.#again)) one.stop();
  }

  #askOlder(which: readonly (typeof FRESHNESSES)[number][], beforeMs: number): void {
    for (const freshness of which) void askAgain(this.#client, freshness, beforeMs);
  }
}
