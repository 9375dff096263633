import { Failure } from "@millrace/failure";
import type { Logger } from "../log/logger.ts";

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
  /** Starts all. When one fails, those started are stopped, the process ends with 1, and this never resolves. */
  run: () => Promise<void>;
  /** Drains and stops all, then ends the process with 0. Repeated calls join the first. */
  shutdown: (cause: string) => Promise<void>;
  /** Reports that a running component can not go on: all are stopped, and the process ends with 1. */
  fail: (name: string, error: unknown) => Promise<void>;
};

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * A process's life: components start in order and, on the first SIGTERM or SIGINT, drain and stop in reverse; then the
 * process ends with 0. A second signal, or the deadline, ends it with 1 at once, saying what was still open.
 */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { log, deadlineMs } = options;
  const exit = options.exit ?? ((code) => process.exit(code));
  const signals = options.signals ?? process;
  const components: Component[] = [];
  const started: Component[] = [];
  let stopping: Promise<void> | undefined;
  let ended = false;

  function end(code: number): void {
    if (ended) return;
    ended = true;
    for (const signal of SIGNALS) signals.off(signal, onSignal);
    exit(code);
  }

  function force(cause: string): void {
    log.error({ open: started.map(({ name }) => name) }, `${cause}: ending by force`);
    end(1);
  }

  function onSignal(): void {
    if (stopping === undefined) void stop("a signal", 0);
    else force("a second signal");
  }

  function stop(cause: string, code: number): Promise<void> {
    stopping ??= stopAll(cause, code);
    return stopping;
  }

  async function stopAll(cause: string, code: number): Promise<void> {
    log.info({ cause }, "stopping");
    const timer = setTimeout(() => force(`the deadline of ${deadlineMs} ms`), deadlineMs);
    let clean = true;
    for (const component of started.toReversed()) clean = (await attempt(component, "drain")) && clean;
    while (started.length > 0) {
      clean = (await attempt(started.at(-1)!, "stop")) && clean;
      started.pop();
    }
    clearTimeout(timer);
    end(clean ? code : 1);
  }

  async function attempt(component: Component, step: "drain" | "stop"): Promise<boolean> {
    try {
      await component[step]?.();
      return true;
    } catch (error) {
      log.error({ err: error, component: component.name }, `could not ${step}`);
      return false;
    }
  }

  async function fail(name: string, error: unknown): Promise<void> {
    // A failure is written for people; of anything else the stack is what helps.
    if (error instanceof Failure) log.error({ component: name, cause: error.cause }, error.message);
    else log.error({ err: error, component: name }, "failed");
    await stop(`${name} failed`, 1);
  }

  return {
    add: (component) => void components.push(component),
    async run() {
      for (const signal of SIGNALS) signals.on(signal, onSignal);
      for (const component of components) {
        if (stopping !== undefined) return stopping;
        // Counted as started from here on, so that a half-made start is undone as well.
        started.push(component);
        try {
          await component.start?.();
        } catch (error) {
          return fail(component.name, error);
        }
      }
    },
    shutdown: (cause) => stop(cause, 0),
    fail,
  };
}
