import type { Http2Session } from "node:http2";

/** What HTTP/2 gives a stream that nobody asked more for (RFC 9113, section 6.9.2). */
const SMALL_WINDOW_BYTES = 65_535;

/**
 * Large HTTP/2 windows for connections that stream: a small window limits a stream to its size per round trip, a large
 * one lets a stalled server be sent that much. Since the window is a connection's, and every stream on it may fill one,
 * a connection has the large window only while the sum over all its streams, and those of all other connections that
 * have it, is within the bound.
 */
export class WindowGrants {
  readonly #maxBytes: number;
  readonly #windowBytes: number;
  #granted = 0;
  readonly #sessions = new Map<Http2Session, { streams: number; isLarge: boolean }>();

  /**
   * @param maxBytes the bound on all large windows together
   * @param windowBytes the large window of one stream
   */
  constructor(maxBytes: number, windowBytes: number) {
    this.#maxBytes = maxBytes;
    this.#windowBytes = windowBytes;
  }

  /** The bytes that producers may send unasked by large windows. */
  get grantedBytes(): number {
    return this.#granted;
  }

  /** A stream began on a connection; to be undone by `leave`. */
  enter(session: Http2Session): void {
    let entry = this.#sessions.get(session);
    if (entry === undefined) {
      entry = { streams: 0, isLarge: false };
      this.#sessions.set(session, entry);
    }
    entry.streams++;
    const more = this.#windowBytes * (entry.isLarge ? 1 : entry.streams);
    if (this.#granted + more <= this.#maxBytes) {
      this.#granted += more;
      if (!entry.isLarge) setWindow(session, this.#windowBytes);
      entry.isLarge = true;
    } else if (entry.isLarge) {
      this.#granted -= this.#windowBytes * (entry.streams - 1);
      entry.isLarge = false;
      setWindow(session, SMALL_WINDOW_BYTES);
    } else if (entry.streams === 1) {
      setWindow(session, SMALL_WINDOW_BYTES);
    }
  }

  /** A stream ended. A connection without streams keeps its window for the next. */
  leave(session: Http2Session): void {
    const entry = this.#sessions.get(session);
    if (entry === undefined) return;
    entry.streams--;
    if (entry.isLarge) this.#granted -= this.#windowBytes;
    if (entry.streams === 0) this.#sessions.delete(session);
  }
}

function setWindow(session: Http2Session, bytes: number): void {
  if (session.destroyed || session.closed || session.localSettings.initialWindowSize === bytes) return;
  session.settings({ initialWindowSize: bytes });
}
