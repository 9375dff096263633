const EVENTS_MAX = 100;
/** How long an event waits for others to go with it. */
const GATHER_MS = 100;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** Browsers let requests of 64 KiB outlive their page; a character is at most three bytes. */
const KEEPALIVE_CHARACTERS_MAX = 20_000;

/** Events on their way. */
export type Sender = {
  /** Takes an event, as JSON. It is dropped when 100 wait already. */
  readonly add: (event: string) => void;
  /** Sends what waits now: the page is hidden, and may live on or not. */
  readonly hurry: () => void;
  /** Gives what waits to the browser, to be sent when the page is gone. */
  readonly leave: () => void;
};

/** Sends events to the endpoint, again and again until it has them, as long as the page lives. */
export function createSender(endpoint: string): Sender {
  /** What is not known to have arrived, oldest first. */
  const waiting: string[] = [];
  /** How many of them are in a request now. */
  let inFlight = 0;
  let failures = 0;
  let timer: number | undefined;

  function schedule(delayMs: number): void {
    if (!timer && !inFlight) timer = setTimeout(send, delayMs);
  }

  function bodyOf(events: readonly string[]): string {
    return `{"events":[${events}],"sent_at":${Date.now()}}`;
  }

  async function post(body: string): Promise<Response | undefined> {
    try {
      // A text goes as text/plain, for which a browser does not ask the server's leave first.
      const keepalive = body.length < KEEPALIVE_CHARACTERS_MAX;
      return await fetch(endpoint, { method: "POST", body, keepalive, credentials: "omit" });
    } catch {
      return undefined;
    }
  }

  async function send(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (inFlight || !waiting.length) return;
    inFlight = waiting.length;
    const answer = await post(bodyOf(waiting));
    const status = answer?.status ?? 0;
    // 204: all of them are settled. What is refused once is refused for ever; anything else is worth another attempt,
    // and what had arrived by then counts once.
    if (status === 204 || (status !== 429 && status >= 400 && status < 500)) {
      waiting.splice(0, inFlight);
      failures = 0;
    } else {
      failures++;
    }
    inFlight = 0;
    // Full jitter: pages that failed together do not come back together.
    const range = Math.min(RETRY_MS_MIN * 2 ** failures, RETRY_MS_MAX - RETRY_MS_MIN);
    if (waiting.length) schedule(failures ? RETRY_MS_MIN + range * Math.random() : GATHER_MS);
  }

  return {
    add(event) {
      if (waiting.length < EVENTS_MAX) waiting.push(event);
      schedule(GATHER_MS);
    },
    hurry: send,
    leave() {
      const rest = waiting.slice(inFlight);
      if (!rest.length) return;
      const body = bodyOf(rest);
      if (!navigator.sendBeacon?.(endpoint, body)) post(body);
      // While the server is away they are kept as well: the page may come back, and doubles count once.
      if (!failures) waiting.length = inFlight;
    },
  };
}
