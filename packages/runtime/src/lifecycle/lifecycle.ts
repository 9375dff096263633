import { Failure } from "@millrace/failure";
import type { Logger } from "../log/logger.ts";
import type { DrainMetrics } from "../telemetry/drain-metrics.ts";

/** A part of the process with a lifetime. */
export type Component = {
  readonly name: string;
  readonly start?: () => Promise<unknown> | unknown;
  /** Finishes what is under way and takes nothing new; every component drains before the first one stops. */
  readonly drain?: () => Promise<unknown> | unknown;
  readonly stop?: () => Promise<unknown> | unknown;
};

/** How a process lives. */
export type LifecycleOptions = {
  readonly log: Logger;
  /** How long drain and stop may take together before the process is ended by force. */
  readonly deadlineMs: number;
  /** Told how long draining takes. */
  readonly drains?: DrainMetrics;
  /** Ends the process; `process.exit` unless given. */
  readonly exit?: (code: number) => void;
  /** Where signals come from; the process unless given. */
  readonly signals?: SignalSource;
};

/** What emits SIGTERM and SIGINT. */
export type SignalSource = {
  on: (signal: NodeJS.Signals, listener: () => void) => unknown;
  off: (signal: NodeJS.Signals, listener: () => void) => unknown;
};

/** Ordered start, and stop in reverse. */
export type Lifecycle = {
  /** Adds a component, which starts after those added before it, and drains and stops before them. */
  add: (component: Component) => void;
  /** Starts all. When one fails, those started are drained and stopped, and the process ends with 1. */
  run: () => Promise<void>;
  /** Drains and stops all, then ends the process with 0. Repeated calls join the first. */
  shutdown: (cause: string) => Promise<void>;
  /** Reports that a running component can not go on: all are stopped, and the process ends with 1. */
  fail: (name: string, error: unknown) => Promise<void>;
};

/** What asks a process to end. */
export const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * A process's life: components start in order and, on the first SIGTERM or SIGINT, drain and stop in reverse; then the
 * process ends with 0. A second signal, or the deadline, ends it with 1 at once, saying what was still open.
 */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  return new ProcessLifecycle(options);
}

class ProcessLifecycle implements Lifecycle {
  readonly #log: Logger;
  readonly #deadlineMs: number;
  readonly #drains: DrainMetrics | undefined;
  readonly #exit: (code: number) => void;
  readonly #signals: SignalSource;
  readonly #components: Component[] = [];
  readonly #started: Component[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #hasEnded = false;

  constructor(options: LifecycleOptions) {
    this.#log = options.log;
    this.#deadlineMs = options.deadlineMs;
    this.#drains = options.drains;
    this.#exit = options.exit ?? ((code) => process.exit(code));
    this.#signals = options.signals ?? process;
  }

  add(component: Component): void {
    this.#components.push(component);
  }

  async run(): Promise<void> {
    for (const signal of STOP_SIGNALS) this.#signals.on(signal, this.#onSignal);
    for (const component of this.#components) {
      if (this.#stopping !== undefined) return this.#stopping;
      // Counted as started from here on, so that a half-made start is undone as well.
      this.#started.push(component);
      const starting = (async () => component.start?.())();
      // A stop only waits for the start to end; how it ended is told just below.
      this.#starting = starting.catch(() => {});
      try {
        await starting;
      } catch (error) {
        return this.fail(component.name, error);
      }
    }
  }

  shutdown(cause: string): Promise<void> {
    return this.#stop(cause, 0);
  }

  fail(name: string, error: unknown): Promise<void> {
    // A failure is written for people; of anything else the stack is what helps.
    if (error instanceof Failure) this.#log.error({ component: name, cause: error.cause }, error.message);
    else this.#log.error({ err: error, component: name }, "failed");
    return this.#stop(`${name} failed`, 1);
  }

  readonly #onSignal = (): void => {
    if (this.#stopping === undefined) void this.#stop("a signal", 0);
    else this.#force("a second signal");
  };

  #stop(cause: string, code: number): Promise<void> {
    this.#stopping ??= this.#stopAll(cause, code);
    return this.#stopping;
  }

  async #stopAll(cause: string, code: number): Promise<void> {
    this.#log.info({ cause }, "stopping");
    const timer = setTimeout(() => this.#force(`the deadline of ${this.#deadlineMs} ms`), this.#deadlineMs);
    // What is starting is let finish, or it would open something after its own stop. A start may itself have called
    // for the stop, so that only the next turn knows its promise.
    await Promise.resolve();
    await this.#starting;
    let isClean = true;
    const beganMs = performance.now();
    this.#drains?.began();
    for (const component of this.#started.toReversed()) {
      const componentBeganMs = performance.now();
      isClean = (await this.#attempt(component, "drain")) && isClean;
      this.#drains?.ended(component.name, performance.now() - componentBeganMs);
    }
    const drainMs = performance.now() - beganMs;
    this.#drains?.ended("process", drainMs);
    this.#log.info({ durationMs: Math.round(drainMs) }, "drained");
    while (this.#started.length > 0) {
      isClean = (await this.#attempt(this.#started.at(-1)!, "stop")) && isClean;
      this.#started.pop();
    }
    clearTimeout(timer);
    this.#end(isClean ? code : 1);
  }

  async #attempt(component: Component, step: "drain" | "stop"): Promise<boolean> {
    try {
      await component[step]?.();
      return true;
    } catch (error) {
      this.#log.error({ err: error, component: component.name }, `could not ${step}`);
      return false;
    }
  }

  #force(cause: string): void {
    this.#log.error({ open: this.#started.map(({ name }) => name) }, `${cause}: ending by force`);
    this.#end(1);
  }

  #end(code: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const signal of STOP_SIGNALS) this.#signals.off(signal, this.#onSignal);
    this.#exit(code);
  }
}
