import type { Producer } from "../producer.ts";

/** Browsers let go with the page what is more than 64 KiB in all. */
const KEEPALIVE_BYTES_MAX = 60 * 1024;
const CALLS_WHEN_LEAVING = 7;

/** What is needed of a page, so that it compiles without the types of browsers. */
type Page = {
  readonly document?: EventTarget & { readonly visibilityState: string };
  addEventListener?(type: string, run: () => void): void;
  removeEventListener?(type: string, run: () => void): void;
};

/** Sees to it that events are sent when the page is hidden or left. */
export class LeavingPage {
  readonly #page: Page = globalThis as unknown as Page;
  #isLeaving = false;

  /** A fetch whose calls go on when the page is gone. */
  readonly fetch: typeof globalThis.fetch = (input, init) => {
    const size = init?.body instanceof Uint8Array ? init.body.byteLength : 0;
    const keepalive = this.#isLeaving && size <= KEEPALIVE_BYTES_MAX;
    return globalThis.fetch(input, { ...init, keepalive });
  };

  /** How many calls may wait for their answers: one after the other, until there is no time for that. */
  readonly unanswered = (): number => (this.#isLeaving ? CALLS_WHEN_LEAVING : 0);

  /** Begins to listen; gives what takes this back. */
  listen(producer: Producer): () => void {
    const { document } = this.#page;
    const onHide = (): void => {
      this.#isLeaving = true;
      producer.sendNow();
    };
    const onChange = (): void => {
      if (document?.visibilityState === "hidden") onHide();
      else this.#isLeaving = false;
    };
    document?.addEventListener("visibilitychange", onChange);
    this.#page.addEventListener?.("pagehide", onHide);
    return () => {
      document?.removeEventListener("visibilitychange", onChange);
      this.#page.removeEventListener?.("pagehide", onHide);
    };
  }
}
