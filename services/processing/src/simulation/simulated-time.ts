import { createRequire, syncBuiltinESMExports } from "node:module";
import type { World, WorldEvent } from "./world.ts";

type TimersPromises = { setTimeout: typeof import("node:timers/promises").setTimeout };

/**
 * Gives the code of actors the world's time: timers, pauses, the monotonic clock and Math.random. Code that no actor
 * runs keeps the real ones.
 *
 * @returns puts everything back
 */
export function simulateTime(world: World): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const real = { setTimeout, clearTimeout, setInterval, clearInterval };
  const { random } = Math;
  const promises = createRequire(import.meta.url)("node:timers/promises") as TimersPromises;
  const realPause = promises.setTimeout;
  const realNow = performance.now;

  globalThis.setTimeout = ((work: () => void, ms = 0, ...rest: unknown[]) =>
    world.current === undefined
      ? Reflect.apply(real.setTimeout, globalThis, [work, ms, ...rest])
      : new SimulatedTimer(world, work, ms, false)) as typeof setTimeout;
  globalThis.setInterval = ((work: () => void, ms = 0, ...rest: unknown[]) =>
    world.current === undefined
      ? Reflect.apply(real.setInterval, globalThis, [work, ms, ...rest])
      : new SimulatedTimer(world, work, ms, true)) as typeof setInterval;
  const clear = (realClear: typeof clearTimeout) => (timer?: unknown) => {
    if (timer instanceof SimulatedTimer) timer.stop();
    else realClear(timer as NodeJS.Timeout);
  };
  globalThis.clearTimeout = clear(real.clearTimeout) as typeof clearTimeout;
  globalThis.clearInterval = clear(real.clearInterval) as typeof clearInterval;
  promises.setTimeout = ((ms, value, options) =>
    world.current === undefined
      ? realPause(ms, value, options)
      : pauseOf(world, ms ?? 0, value, options?.signal)) as typeof realPause;
  syncBuiltinESMExports();
  performance.now = () => (world.current === undefined ? realNow.call(performance) : world.nowMs);
  Math.random = () => (world.current === undefined ? random() : world.random());

  return () => {
    Object.assign(globalThis, real);
    promises.setTimeout = realPause;
    syncBuiltinESMExports();
    performance.now = realNow;
    Math.random = random;
  };
}

/** A timer of the actor that made it. */
class SimulatedTimer {
  #event: WorldEvent;

  constructor(world: World, work: () => void, ms: number, isRepeated: boolean) {
    const actor = world.current;
    const fire = () => {
      if (isRepeated) this.#event = world.after(ms, actor, "timer", fire);
      work();
    };
    this.#event = world.after(ms, actor, "timer", fire);
  }

  unref(): this {
    return this;
  }

  stop(): void {
    this.#event.isCancelled = true;
  }
}

function pauseOf<T>(world: World, ms: number, value: T, signal: AbortSignal | undefined): Promise<T> {
  const actor = world.current!;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const aborted = () => {
      event.isCancelled = true;
      reject(signal?.reason);
    };
    const event = world.after(ms, actor, "pause", () => {
      signal?.removeEventListener("abort", aborted);
      resolve(value);
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
