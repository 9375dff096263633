import { describe, expect, it, onTestFinished } from "vitest";
import type { Cache, ChannelMessage } from "../cache.ts";

/** A cache that was opened for one test. */
export type OpenedCache = {
  /** Fresh and empty. */
  readonly cache: Cache;
  /** Lets the time by which values end go on. */
  readonly advance: (byMs: number) => Promise<void>;
  /** Frees everything; the cache may be closed already. */
  readonly dispose: () => Promise<void>;
};

type Open = () => Promise<OpenedCache>;

/** Runs every test that each Cache must pass against the caches that `open` gives. */
export function cacheContract(
  backend: string,
  options: {
    /** Opens a fresh, empty cache for one test; the suite disposes of it. */
    readonly open: Open;
    /** Bytes of payloads after which a listener that takes nothing has certainly fallen behind. */
    readonly listenerBytes: number;
  },
): void {
  const open = async () => {
    const opened = await options.open();
    onTestFinished(() => opened.dispose());
    return opened;
  };
  describe(`${backend}: the cache's contract`, () => {
    valueTests(open);
    messageTests(open, options.listenerBytes);
    closeTests(open);
  });
}

function valueTests(open: Open): void {
  it("gives a value back until its time has passed", async () => {
    const { cache, advance } = await open();
    await cache.set("key", bytes("value"), 1000);
    expect(await read(cache, "key")).toBe("value");
    await advance(999);
    expect(await read(cache, "key")).toBe("value");
    await advance(2);
    expect(await read(cache, "key")).toBeUndefined();
    expect(await read(cache, "other")).toBeUndefined();
  });

  it("replaces a value and its time, and forgets it on delete", async () => {
    const { cache, advance } = await open();
    await cache.set("key", bytes("one"), 1000);
    await cache.set("key", bytes("two"), 5000);
    await advance(2000);
    expect(await read(cache, "key")).toBe("two");
    await cache.delete("key");
    await cache.delete("key");
    expect(await read(cache, "key")).toBeUndefined();
  });

  it("keeps its values from what is done to the arrays outside", async () => {
    const { cache } = await open();
    const value = bytes("value");
    await cache.set("key", value, 1000);
    value.fill(0);
    (await cache.get("key"))?.fill(0);
    expect(await read(cache, "key")).toBe("value");
  });

  it("refuses a value over 1 MiB and an empty key with invalid", async () => {
    const { cache } = await open();
    await cache.set("key", new Uint8Array(1 << 20), 1000);
    await expect(cache.set("key", new Uint8Array((1 << 20) + 1), 1000)).rejects.toMatchObject({ kind: "invalid" });
    await expect(cache.set("", bytes("x"), 1000)).rejects.toMatchObject({ kind: "invalid" });
  });

  it("counts every one of concurrent calls", async () => {
    const { cache } = await open();
    const values = await Promise.all(Array.from({ length: 100 }, () => cache.increment("counter", 2, 1000)));
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i + 2));
  });

  it("ends a counter after its first use, however often it is used", async () => {
    const { cache, advance } = await open();
    await cache.increment("counter", 1, 1000);
    await advance(600);
    expect(await cache.increment("counter", 1, 1000)).toBe(2);
    await advance(600);
    expect(await cache.increment("counter", 5, 1000)).toBe(5);
  });
}

function messageTests(open: Open, listenerBytes: number): void {
  it("gives every listener of a channel the messages from then on, in order", async () => {
    const { cache } = await open();
    await cache.publish("channel", bytes("before"));
    const one = await cache.subscribe("channel");
    const two = await cache.subscribe("channel");
    await cache.publish("elsewhere", bytes("other"));
    const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
    for (const each of sent) await cache.publish("channel", bytes(each));
    expect(await take(one, 50)).toEqual(sent);
    expect(await take(two, 50)).toEqual(sent);
  });

  it("wakes a listener that waits", async () => {
    const { cache } = await open();
    const taken = take(await cache.subscribe("channel"), 1);
    await cache.publish("channel", bytes("x"));
    expect(await taken).toEqual(["x"]);
  });

  it("tells a listener that falls behind by a failure exhausted, not by a gap", async () => {
    const { cache } = await open();
    const slow = await cache.subscribe("channel");
    const payload = new Uint8Array(64 << 10);
    for (let sent = 0; sent <= listenerBytes; sent += payload.length) await cache.publish("channel", payload);
    await cache.publish("channel", bytes("after the gap"));
    await expect(take(slow, Number.POSITIVE_INFINITY)).rejects.toMatchObject({ kind: "exhausted" });
    const fresh = await cache.subscribe("channel");
    await cache.publish("channel", bytes("x"));
    expect(await take(fresh, 1)).toEqual(["x"]);
  });

  it("ends a subscription when its signal aborts, before the first message too", async () => {
    const { cache } = await open();
    const abort = new AbortController();
    const taken = take(await cache.subscribe("channel", { signal: abort.signal }), 10);
    await cache.publish("channel", bytes("x"));
    abort.abort();
    expect(await taken).toEqual(["x"]);
    await cache.publish("channel", bytes("y"));
  });
}

function closeTests(open: Open): void {
  it("fails with unavailable (CLOSED) after close, and ends its subscriptions", async () => {
    const { cache } = await open();
    const taken = take(await cache.subscribe("channel"), 1);
    await cache.close();
    await cache.close();
    expect(await taken).toEqual([]);
    const closed = { kind: "unavailable", reason: "CLOSED" };
    await expect(cache.get("key")).rejects.toMatchObject(closed);
    await expect(cache.set("key", bytes("x"), 1)).rejects.toMatchObject(closed);
    await expect(cache.delete("key")).rejects.toMatchObject(closed);
    await expect(cache.increment("key", 1, 1)).rejects.toMatchObject(closed);
    await expect(cache.publish("channel", bytes("x"))).rejects.toMatchObject(closed);
    await expect(cache.subscribe("channel")).rejects.toMatchObject(closed);
  });
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

async function read(cache: Cache, key: string): Promise<string | undefined> {
  const value = await cache.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString();
}

async function take(messages: AsyncIterable<ChannelMessage>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const message of messages) {
    taken.push(Buffer.from(message.payload).toString());
    if (taken.length === count) break;
  }
  return taken;
}
