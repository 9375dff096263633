import { expect } from "vitest";
import type { RecordNotice, RecordStore } from "../record-store.ts";
import type { Suite } from "./record-store-contract.ts";
import { changeOf } from "./samples.ts";

export function watchTests({ test, thousandsUnread }: Suite): void {
  test("tells of a creation, a change and a deletion, in order", async (store) => {
    const watching = watch(store);
    const versions: number[] = [];
    for (const text of ["one", "two", undefined]) {
      versions.push(await store.put(changeOf(versions.at(-1) ?? 0, text)));
      const notice = { collection: "project", id: "shop", version: versions.at(-1) };
      expect(await watching.until((seen) => seen.version === versions.at(-1))).toEqual(notice);
    }
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test("tells of every change made from the call on, also before the first is taken", async (store) => {
    await store.put(changeOf(0, "before", { id: "before" }));
    const watching = watch(store);
    await store.put(changeOf(0, "one", { id: "one" }));
    await store.put(changeOf(0, "two", { id: "two" }));
    await watching.until(({ id }) => id === "two");
    expect(watching.seen.map(({ id }) => id)).toEqual(["one", "two"]);
  });

  test("per record tells in order, and of the last change for certain", async (store) => {
    const watching = watch(store);
    let version = 0;
    for (let n = 0; n < 50; n++) version = await store.put(changeOf(version, `${n}`));
    await watching.until((notice) => notice.version === version);
    const versions = watching.seen.map((notice) => notice.version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test("tells every watcher", async (store) => {
    const watchers = [watch(store), watch(store), watch(store)];
    await store.put(changeOf(0, "one"));
    const told = await Promise.all(watchers.map((watcher) => watcher.until(() => true)));
    expect(told.map(({ id }) => id)).toEqual(["shop", "shop", "shop"]);
  });

  test("does not tell of a change that was refused", async (store) => {
    const watching = watch(store);
    await expect(store.put(changeOf(7, "refused"))).rejects.toThrow();
    await store.put(changeOf(0, "made", { id: "made" }));
    await watching.until(({ id }) => id === "made");
    expect(watching.seen).toHaveLength(1);
  });

  test("ends when the signal aborts, while waiting and before the start", async (store) => {
    const abort = new AbortController();
    const iterator = store.watch({ signal: abort.signal })[Symbol.asyncIterator]();
    const waiting = iterator.next();
    abort.abort();
    expect((await waiting).done).toBe(true);
    expect((await iterator.next()).done).toBe(true);
    const late = store.watch({ signal: abort.signal })[Symbol.asyncIterator]();
    expect((await late.next()).done).toBe(true);
  });

  test("ends when the store closes", async (store) => {
    const waiting = store.watch()[Symbol.asyncIterator]().next();
    await store.close();
    expect((await waiting).done).toBe(true);
  });

  test("fails with unavailable when changes may have been missed, and never leaves one out in silence", async (store) => {
    const iterator = store.watch()[Symbol.asyncIterator]();
    const count = 1_000 * thousandsUnread;
    for (let from = 0; from < count; from += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => store.put(changeOf(0, "", { id: `p${from + n}` }))));
    }
    const told = new Set<string>();
    const collecting = (async () => {
      while (told.size < count) {
        const { done, value } = await iterator.next();
        if (done) return;
        for (const { id } of value) told.add(id);
      }
    })();
    const failure = await collecting.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) expect(told.size).toBe(count);
    else expect(failure).toMatchObject({ kind: "unavailable" });
  });
}

/** A watch that begins now, and what it has told so far. */
function watch(store: RecordStore) {
  const iterator = store.watch()[Symbol.asyncIterator]();
  const seen: RecordNotice[] = [];
  return {
    seen,
    /** The first notice of which `wanted` is true, among those to come. */
    async until(wanted: (notice: RecordNotice) => boolean): Promise<RecordNotice> {
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) throw new Error("the watch ended");
        seen.push(...value);
        const found = value.find(wanted);
        if (found !== undefined) return found;
      }
    },
  };
}
