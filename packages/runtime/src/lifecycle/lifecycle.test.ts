import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../log/silent-logger.ts";
import { type Component, createLifecycle } from "./lifecycle.ts";

function fixture(deadlineMs = 10_000) {
  const signals = new EventEmitter();
  const told: string[] = [];
  let exited = (_code: number): void => {};
  const exit = new Promise<number>((resolve) => {
    exited = resolve;
  });
  const lifecycle = createLifecycle({ log: silentLogger(), deadlineMs, exit: exited, signals });
  const tell = (name: string, more: Partial<Component> = {}): Component => ({
    name,
    start: () => void told.push(`start ${name}`),
    drain: () => void told.push(`drain ${name}`),
    stop: () => void told.push(`stop ${name}`),
    ...more,
  });
  return { lifecycle, signals, told, exit, tell };
}

describe("a process", () => {
  it.each(["SIGTERM", "SIGINT"])(
    "starts in order, and on %s drains all, then stops all, in reverse, and ends with 0",
    async (signal) => {
      const { lifecycle, signals, told, exit, tell } = fixture();
      lifecycle.add(tell("store"));
      lifecycle.add(tell("server"));
      await lifecycle.run();
      expect(told).toEqual(["start store", "start server"]);
      signals.emit(signal);
      expect(await exit).toBe(0);
      expect(told.slice(2)).toEqual(["drain server", "drain store", "stop server", "stop store"]);
      expect(signals.listenerCount("SIGTERM")).toBe(0);
    },
  );

  it("stops what had started, the half-started too, when a start fails, and ends with 1", async () => {
    const { lifecycle, told, exit, tell } = fixture();
    lifecycle.add(tell("store"));
    lifecycle.add(tell("server", { start: () => Promise.reject(new Error("port in use")) }));
    lifecycle.add(tell("worker"));
    await lifecycle.run();
    expect(await exit).toBe(1);
    expect(told).toEqual(["start store", "drain server", "drain store", "stop server", "stop store"]);
  });

  it("stops all when one part reports that it can not go on", async () => {
    const { lifecycle, told, exit, tell } = fixture();
    lifecycle.add(tell("store"));
    await lifecycle.run();
    await lifecycle.fail("store", new Error("disk full"));
    expect(await exit).toBe(1);
    expect(told).toContain("stop store");
  });

  it("stops the others though one can not stop, and then ends with 1", async () => {
    const { lifecycle, told, exit, tell } = fixture();
    lifecycle.add(tell("store"));
    lifecycle.add(
      tell("server", { drain: () => Promise.reject(new Error("no")), stop: () => Promise.reject(new Error("no")) }),
    );
    await lifecycle.run();
    await lifecycle.shutdown("a test");
    expect(await exit).toBe(1);
    expect(told).toContain("stop store");
  });

  it("ends with 1 at the deadline", async () => {
    const { lifecycle, exit, tell } = fixture(20);
    lifecycle.add(tell("server", { drain: () => new Promise(() => {}) }));
    await lifecycle.run();
    void lifecycle.shutdown("a test");
    expect(await exit).toBe(1);
  });

  it("ends with 1 at a second signal", async () => {
    const { lifecycle, signals, exit, tell } = fixture();
    lifecycle.add(tell("server", { drain: () => new Promise(() => {}) }));
    await lifecycle.run();
    signals.emit("SIGTERM");
    signals.emit("SIGINT");
    expect(await exit).toBe(1);
  });

  it("does not start what comes after a signal", async () => {
    const { lifecycle, signals, told, exit, tell } = fixture();
    lifecycle.add(tell("store", { start: () => void signals.emit("SIGTERM") }));
    lifecycle.add(tell("server"));
    await lifecycle.run();
    expect(await exit).toBe(0);
    expect(told).not.toContain("start server");
  });

  it("lets a start finish before it is undone", async () => {
    const { lifecycle, signals, told, exit, tell } = fixture();
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    lifecycle.add(tell("store", { start: () => opened.then(() => void told.push("opened")) }));
    const running = lifecycle.run();
    signals.emit("SIGTERM");
    await new Promise(setImmediate);
    expect(told).toEqual([]);
    open();
    await running;
    expect(await exit).toBe(0);
    expect(told).toEqual(["opened", "drain store", "stop store"]);
  });
});
