import { describe, it, onTestFinished } from "vitest";
import type { RecordStore } from "../record-store.ts";
import { closeTests } from "./close.ts";
import { concurrencyTests } from "./concurrency.ts";
import { limitTests } from "./limits.ts";
import { listTests } from "./list.ts";
import { putTests } from "./put.ts";
import { watchTests } from "./watch.ts";

const CAPABILITIES = ["reopen"] as const;

/** What a backend may be excused from: keeping data over a reopening. */
export type RecordStoreCapability = (typeof CAPABILITIES)[number];

/** A capability that a backend does not have. */
export type RecordStoreExcuse = { readonly capability: RecordStoreCapability; readonly reason: string };

/** How the suite gets its stores. */
export type RecordStoreContractOptions = {
  /** Opens a fresh, empty store for one test; the suite closes it. */
  readonly open: () => Promise<RecordStore>;
  /** Opens what a store of `open` held, after the suite has closed that one. */
  readonly reopen: (closed: RecordStore) => Promise<RecordStore>;
  /** What the backend is excused from. The tests concerned must then fail: an excuse that is not needed is an error. */
  readonly except?: readonly RecordStoreExcuse[];
  /** How many changes, in thousands, a watcher leaves unread who may miss some. Default 12: more than wait for anybody. */
  readonly thousandsUnread?: number;
};

/** What each file of the suite is given. */
export type Suite = {
  /** Registers a test; `needs` names the capability that it is about. */
  test(title: string, run: (store: RecordStore, suite: Suite) => Promise<void>, needs?: RecordStoreCapability): void;
  /** Closes a store and opens its data again. */
  reopen(store: RecordStore): Promise<RecordStore>;
  /** How many changes, in thousands, a watcher leaves unread who may miss some. */
  readonly thousandsUnread: number;
};

/** Runs every test that each RecordStore must pass against the stores that `open` gives. */
export function recordStoreContract(backend: string, options: RecordStoreContractOptions): void {
  for (const { capability } of options.except ?? []) {
    if (!CAPABILITIES.includes(capability)) throw new Error(`there is no capability ${capability} to be excused from`);
  }
  const suite: Suite = {
    test(title, run, needs) {
      const excuse = options.except?.find(({ capability }) => capability === needs);
      const register = excuse === undefined ? it : it.fails;
      register(excuse === undefined ? title : `${title} (excused: ${excuse.reason})`, async () => {
        await run(closedAfterTest(await options.open()), suite);
      });
    },
    async reopen(store) {
      await store.close();
      return closedAfterTest(await options.reopen(store));
    },
    thousandsUnread: options.thousandsUnread ?? 12,
  };
  describe(`${backend} as a record store`, () => {
    describe("changing a record", () => putTests(suite));
    describe("changing at the same time", () => concurrencyTests(suite));
    describe("listing", () => listTests(suite));
    describe("watching", () => watchTests(suite));
    describe("limits", () => limitTests(suite));
    describe("closing", () => closeTests(suite));
  });
}

function closedAfterTest(store: RecordStore): RecordStore {
  onTestFinished(() => store.close());
  return store;
}
