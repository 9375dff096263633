import { useSyncExternalStore } from "react";

/** What is known of one stream: it runs, or it was lost and is tried again at a moment (epoch milliseconds). */
type Stream =
  | { readonly state: "open" }
  | { readonly state: "lost"; readonly nextMs: number; readonly retry: () => void };

/** What is known of all streams of the page. */
export type Connection = {
  readonly lost: boolean;
  /** When the next attempt is, in epoch milliseconds. */
  readonly nextMs: number;
  /** Tries again now. */
  readonly retry: () => void;
};

const streams = new Map<object, Stream>();
const listeners = new Set<() => void>();
const fine: Connection = { lost: false, nextMs: 0, retry: () => undefined };
let current: Connection = fine;

/** Says how a stream is; undefined when it is no longer wanted. */
export function report(stream: object, state: Stream | undefined): void {
  if (state === undefined) streams.delete(stream);
  else streams.set(stream, state);
  const lost = [...streams.values()].filter((one) => one.state === "lost");
  current =
    lost.length === 0
      ? fine
      : {
          lost: true,
          nextMs: Math.min(...lost.map(({ nextMs }) => nextMs)),
          retry: () => {
            for (const { retry } of lost) retry();
          },
        };
  for (const listener of listeners) listener();
}

/** How the page's connection to the server is. */
export function useConnection(): Connection {
  return useSyncExternalStore(listen, () => current);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
