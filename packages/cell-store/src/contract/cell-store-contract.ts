import { describe, it, onTestFinished } from "vitest";
import type { CellStore } from "../cell-store.ts";
import { closeTests } from "./close.ts";
import { concurrencyTests } from "./concurrency.ts";
import { expireTests } from "./expire.ts";
import { limitTests } from "./limits.ts";
import { readTests } from "./read.ts";
import { scanTests } from "./scan.ts";
import { stateTests } from "./states.ts";
import { writeTests } from "./write.ts";

const CAPABILITIES = ["reopen", "expire"] as const;

/** What a backend may be excused from: keeping data over a reopening, or forgetting on demand. */
export type CellStoreCapability = (typeof CAPABILITIES)[number];

/** A capability that a backend does not have. */
export type CellStoreExcuse = { readonly capability: CellStoreCapability; readonly reason: string };

/** How the suite gets its stores. */
export type CellStoreContractOptions = {
  /** Opens a fresh, empty store for one test; the suite closes it. */
  readonly open: () => Promise<CellStore>;
  /** Opens what a store of `open` held, after the suite has closed that one. */
  readonly reopen: (closed: CellStore) => Promise<CellStore>;
  /** What the backend is excused from. The tests concerned must then fail: an excuse that is not needed is an error. */
  readonly except?: readonly CellStoreExcuse[];
  /** How many blocks a large call has: enough to take a while. Default 20,000. */
  readonly largeCall?: number;
};

/** What each file of the suite is given. */
export type Suite = {
  /** Registers a test; `needs` names the capability that it is about. */
  test(title: string, run: (store: CellStore, suite: Suite) => Promise<void>, needs?: CellStoreCapability): void;
  /** Closes a store and opens its data again. */
  reopen(store: CellStore): Promise<CellStore>;
  /** How many blocks a large call has. */
  readonly largeCall: number;
};

/** Runs every test that each CellStore must pass against the stores that `open` gives. */
export function cellStoreContract(backend: string, options: CellStoreContractOptions): void {
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
    largeCall: options.largeCall ?? 20_000,
  };
  describe(`${backend} as a cell store`, () => {
    describe("writing blocks", () => writeTests(suite));
    describe("writing at the same time", () => concurrencyTests(suite));
    describe("reading by key", () => readTests(suite));
    describe("scanning", () => scanTests(suite));
    describe("states", () => stateTests(suite));
    describe("expiry", () => expireTests(suite));
    describe("limits", () => limitTests(suite));
    describe("closing", () => closeTests(suite));
  });
}

function closedAfterTest(store: CellStore): CellStore {
  onTestFinished(() => store.close());
  return store;
}
