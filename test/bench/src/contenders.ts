import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";

/** Who takes events in a service's process, in the bench `client`. */
export type ContenderName = "loop" | "grpc" | "spool" | "fetch" | "posthog";

/** What a contender is given. */
export type Receiver = { readonly url: string; readonly key: string; readonly spoolDirectory?: string };

/** An event of a service: what its code has in its hands where it calls the SDK. */
export type Order = {
  readonly userId: string;
  readonly properties: {
    readonly amount: number;
    readonly currency: string;
    readonly plan: string;
    readonly items: number;
    readonly page: string;
    readonly returning: boolean;
  };
};

/** One way to take events. */
export type Contender = {
  /** The call that is measured. */
  take(order: Order): void;
  /** How many were taken and are not delivered yet, as far as is known. */
  waiting(): number;
  /** Resolves when all were delivered; fails when some were not. */
  finish(): Promise<void>;
};

const EVENT_NAME = "order_placed";
/** Of ours and of the other's: how many events go together, and after how long fewer do. */
const BATCH_EVENTS = 500;
const BATCH_DELAY_MS = 100;

/**
 * Beyond so many events on their way the producer waits, so that none is dropped. Ours learns some once a second that
 * events are durable, so a bound much lower would be what is measured.
 */
const WAITING_MAX = 50_000;
const LOOK_EVERY_MS = 2;
const FINISH_WITHIN_MS = 60_000;

/** Makes a contender ready to take events. `total` is how many will come. */
export function openContender(name: ContenderName, receiver: Receiver, total: number): Promise<Contender> {
  if (name === "loop") return Promise.resolve(bareLoop());
  return name === "posthog" ? openPosthog(receiver, total) : openMillrace(name, receiver);
}

/** Lets what is in the background go on, and waits while too much is. */
export async function untilRoom(contender: Contender): Promise<void> {
  await turn();
  while (contender.waiting() > WAITING_MAX) await delay(LOOK_EVERY_MS);
}

/** The event of a number, made anew. */
export function orderOf(number: number): Order {
  return {
    userId: `user-${number % 20_000}`,
    properties: {
      amount: (number % 5_000) / 100,
      currency: "EUR",
      plan: number % 3 === 0 ? "pro" : "free",
      items: number % 7,
      page: `/checkout/${number % 50}`,
      returning: number % 2 === 0,
    },
  };
}

/** Keeps the last event only, so that the engine can't leave out making it. */
function bareLoop(): Contender {
  let last: Order | undefined;
  return {
    take(order) {
      last = order;
    },
    waiting: () => 0,
    async finish() {
      if (last === undefined) throw new Error("no event was made");
    },
  };
}

async function openMillrace(name: "grpc" | "spool" | "fetch", receiver: Receiver): Promise<Contender> {
  const { createMillrace } = await import("@millrace/client");
  const millrace = createMillrace({
    url: receiver.url,
    key: receiver.key,
    transport: name === "fetch" ? "fetch" : "grpc",
    batch: { events: BATCH_EVENTS, delayMs: BATCH_DELAY_MS },
    ...(name === "spool" && { spool: { directory: receiver.spoolDirectory! } }),
  });
  return {
    take({ userId, properties }) {
      millrace.track(EVENT_NAME, properties, { userId });
    },
    waiting() {
      const { queued, inFlight } = millrace.stats();
      return queued + inFlight;
    },
    async finish() {
      await millrace.close({ timeoutMs: FINISH_WITHIN_MS });
      const stats = millrace.stats();
      if (stats.accepted !== stats.tracked) throw new Error(`not all were delivered: ${JSON.stringify(stats)}`);
    },
  };
}

/**
 * The other SDK. It drops its oldest events when its queue is full, so the queue holds all of them; it sends uncompressed,
 * as ours does, which costs it less processor time than its default of gzip.
 */
async function openPosthog({ url, key }: Receiver, total: number): Promise<Contender> {
  const { PostHog } = await import("posthog-node");
  const posthog = new PostHog(key, {
    host: url,
    flushAt: BATCH_EVENTS,
    maxBatchSize: BATCH_EVENTS,
    flushInterval: BATCH_DELAY_MS,
    maxQueueSize: total,
    disableCompression: true,
  });
  let taken = 0;
  let delivered = 0;
  let problem: unknown;
  posthog.on("flush", (messages: readonly unknown[]) => {
    delivered += messages.length;
  });
  posthog.on("error", (error: unknown) => {
    problem ??= error;
  });
  return {
    take({ userId, properties }) {
      taken++;
      posthog.capture({ distinctId: userId, event: EVENT_NAME, properties });
    },
    waiting() {
      if (problem !== undefined) throw new Error("posthog-node could not deliver", { cause: problem });
      return taken - delivered;
    },
    async finish() {
      await posthog.shutdown(FINISH_WITHIN_MS);
      if (delivered !== taken) throw new Error(`not all were delivered: ${delivered} of ${taken}`);
    },
  };
}
