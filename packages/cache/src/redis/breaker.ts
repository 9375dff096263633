import { Failure } from "@millrace/failure";
import { observeOne } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import { BrokenCircuitError, type CircuitBreakerPolicy, CircuitState, circuitBreaker, handleWhen } from "cockatiel";
import { RecentCalls } from "./recent-calls.ts";

const THRESHOLD = 0.5;
const WINDOW_MS = 60_000;
/** A few calls say little: below this number in a minute nothing is stopped. */
const MIN_CALLS = 20;
const HALF_OPEN_AFTER_MS = 30_000;

/** Whether a breaker lets calls through: all, none, or one to see how it goes. */
export type BreakerState = "closed" | "open" | "halfOpen";

/** When a breaker opens and tries again; what is left out is as {@link Breaker} says. */
export type BreakerOptions = {
  /** The time whose calls are looked at, in milliseconds. */
  readonly windowMs?: number;
  /** With fewer calls in that time nothing is stopped. */
  readonly minCalls?: number;
  /** After how many milliseconds one call tries again. */
  readonly halfOpenAfterMs?: number;
};

/**
 * Stops calling what has failed in more than half of the calls of the last minute, of 20 at least, and tries a single
 * call 30 s later. Only failures that say the server is away or slow count.
 */
export class Breaker {
  readonly #name: string;
  readonly #policy: CircuitBreakerPolicy;
  readonly #halfOpenAfterMs: number;

  /** @param name how messages begin that say that nothing is sent, as in "The Redis of the cache" */
  constructor(name: string, options: BreakerOptions = {}) {
    const { windowMs = WINDOW_MS, minCalls = MIN_CALLS, halfOpenAfterMs = HALF_OPEN_AFTER_MS } = options;
    this.#name = name;
    this.#halfOpenAfterMs = halfOpenAfterMs;
    this.#policy = circuitBreaker(
      handleWhen((error) => error instanceof Failure && isOutage(error)),
      {
        breaker: new RecentCalls(windowMs, THRESHOLD, minCalls, Date.now),
        halfOpenAfter: halfOpenAfterMs,
      },
    );
  }

  get state(): BreakerState {
    if (this.#policy.state === CircuitState.Closed) return "closed";
    return this.#policy.state === CircuitState.HalfOpen ? "halfOpen" : "open";
  }

  /** Does the work, or fails with `unavailable` at once while the breaker is open. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      const message = `${this.#name} failed too often; it is tried again within ${this.#halfOpenAfterMs / 1000} s.`;
      const details = { cause: error, retryAfterMs: this.#halfOpenAfterMs };
      throw new Failure("unavailable", "BACKEND_UNAVAILABLE", message, details);
    }
  }
}

/** Measures a breaker: which state it is in. */
export function observeBreaker(
  meter: Meter,
  name: "cache" | "claims",
  from: { readonly breakerState: BreakerState },
): void {
  const states = { closed: "closed", halfOpen: "half_open", open: "open" } as const;
  observeOne(meter, "millrace.breaker.state", (tell) => {
    const { breakerState } = from;
    for (const [state, word] of Object.entries(states) as [BreakerState, (typeof states)[BreakerState]][]) {
      tell(state === breakerState ? 1 : 0, { "millrace.breaker": name, "millrace.state": word });
    }
  });
}

function isOutage(failure: Failure): boolean {
  return (failure.kind === "unavailable" || failure.kind === "unknownOutcome") && failure.reason !== "CLOSED";
}
