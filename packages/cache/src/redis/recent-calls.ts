import { CircuitState, type IBreaker } from "cockatiel";

const PERIODS = 60;

type Period = { number: number; successes: number; failures: number };

/**
 * Decides by the calls of the last while whether a breaker opens. Cockatiel's own SamplingBreaker takes the last sixty
 * seconds in which something was called, however long ago they were; here old calls are forgotten by the clock.
 */
export class RecentCalls implements IBreaker {
  readonly #periodMs: number;
  readonly #threshold: number;
  readonly #minCalls: number;
  readonly #now: () => number;
  readonly #periods: Period[] = Array.from({ length: PERIODS }, () => ({ number: -1, successes: 0, failures: 0 }));

  /**
   * @param windowMs the time that is looked at, exact to a sixtieth
   * @param threshold the share of failures above which the breaker opens, 0 to 1
   * @param minCalls with fewer calls it does not
   * @param now in milliseconds
   */
  constructor(windowMs: number, threshold: number, minCalls: number, now: () => number) {
    this.#periodMs = windowMs / PERIODS;
    this.#threshold = threshold;
    this.#minCalls = minCalls;
    this.#now = now;
  }

  /** What another breaker could begin with; nothing here. */
  get state(): unknown {
    return undefined;
  }

  set state(_: unknown) {
    this.#forget();
  }

  success(state: CircuitState): void {
    if (state === CircuitState.HalfOpen) this.#forget();
    this.#period().successes++;
  }

  /** Gives whether the breaker opens. */
  failure(state: CircuitState): boolean {
    const current = this.#period();
    current.failures++;
    if (state !== CircuitState.Closed) return true;
    const recent = this.#periods.filter(({ number }) => number > current.number - PERIODS);
    const failures = recent.reduce((sum, period) => sum + period.failures, 0);
    const calls = recent.reduce((sum, period) => sum + period.successes, failures);
    return calls >= this.#minCalls && failures > this.#threshold * calls;
  }

  #period(): Period {
    const number = Math.floor(this.#now() / this.#periodMs);
    const period = this.#periods[number % PERIODS]!;
    if (period.number !== number) Object.assign(period, { number, successes: 0, failures: 0 });
    return period;
  }

  #forget(): void {
    for (const period of this.#periods) period.number = -1;
  }
}
