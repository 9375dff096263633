import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import type { LogRecord, PartitionHandler } from "../../event-log.ts";
import { LogClock } from "./log-clock.ts";
import { type DeliveryDeps, PartitionDelivery } from "./partition-delivery.ts";

const SKEW_MS = 1000;

function record(offset: number, appendTimeMs = 0, bytes = 10): LogRecord {
  return { offset, appendTimeMs, value: new Uint8Array(bytes) };
}

/** A delivery without a broker, and what happened. */
async function begin(handler: Partial<PartitionHandler> = {}, deps: Partial<DeliveryDeps> = {}) {
  const events: string[] = [];
  const failures: unknown[] = [];
  const delivery = new PartitionDelivery({
    partition: 3,
    committed: 0,
    bounds: { first: 0, end: 0 },
    maxBatchBytes: 25,
    clock: new LogClock(SKEW_MS, () => 0),
    commit: async (offset, isOwned) => {
      events.push(`commit ${offset} ${isOwned()}`);
    },
    inDoubt: () => undefined,
    hungry: () => undefined,
    failed: (error) => failures.push(error),
    ...deps,
  });
  await delivery.begin(async () => ({
    records: async (records) => void events.push(`records ${records.map(({ offset }) => offset).join()}`),
    idle: (timeMs) => void events.push(`idle ${timeMs}`),
    revoke: async () => void events.push("revoke"),
    ...handler,
  }));
  return { delivery, events, failures };
}

/** More turns of the event loop than a delivery takes for what the tests give it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("PartitionDelivery", () => {
  it("hands over what fits at once, at least one record, and wants more when all is handed over", async () => {
    const { delivery, events } = await begin();
    expect(delivery.isHungry).toBe(true);
    delivery.take([record(0), record(1), record(2), record(3, 0, 99)], 4, 4, 0);
    expect(delivery.isHungry).toBe(false);
    expect(delivery.fetchFrom).toBe(4);
    await settled();
    expect(events).toEqual(["records 0,1", "records 2", "records 3"]);
    expect(delivery.isHungry).toBe(true);
  });

  it("says idle only where nothing waits, at no time before the last record", async () => {
    const { delivery, events } = await begin();
    delivery.take([], 0, 0, 5_000);
    await settled();
    delivery.take([record(0, 9_500)], 1, 1, 9_000);
    delivery.take([], 1, 1, 10_000);
    await settled();
    delivery.take([], 1, 5, 11_000);
    await settled();
    delivery.take([], 1, 1, 20_000);
    await settled();
    expect(events).toEqual(["idle 4000", "records 0", "idle 9500", "idle 19000"]);
  });

  it("refuses a commit beyond the end with invalid, and one after the loss with stale", async () => {
    const { delivery, events } = await begin();
    delivery.take([record(0)], 1, 1, 0);
    await expect(delivery.commit(2)).rejects.toMatchObject({ kind: "invalid" });
    await expect(delivery.commit(-1)).rejects.toMatchObject({ kind: "invalid" });
    await delivery.commit(1);
    await delivery.revoke();
    await expect(delivery.commit(1)).rejects.toMatchObject({ kind: "stale", reason: "OWNERSHIP_LOST" });
    expect(events.filter((event) => event.startsWith("commit"))).toEqual(["commit 1 true"]);
  });

  it("gives up waiting for a commit when its signal aborts, and does not send it any more", async () => {
    let isWanted = () => true;
    const commit = (_: number, isOwned: () => boolean) => {
      isWanted = isOwned;
      return new Promise<void>(() => undefined);
    };
    const { delivery } = await begin({}, { commit, bounds: { first: 0, end: 5 } });
    const abort = new AbortController();
    const committing = delivery.commit(5, { signal: abort.signal });
    expect(isWanted()).toBe(true);
    abort.abort();
    await expect(committing).rejects.toMatchObject({ kind: "unknownOutcome" });
    expect(isWanted()).toBe(false);
  });

  it("revokes after the batch in hand, with what waits behind it left to others", async () => {
    let finish = () => {};
    const busy = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { delivery, events } = await begin({ records: () => busy });
    delivery.take([record(0), record(1), record(2)], 3, 3, 0);
    await settled();
    const revoked = delivery.revoke();
    await settled();
    expect(events).toEqual([]);
    finish();
    await revoked;
    expect(events).toEqual(["revoke"]);
    expect(delivery.lost.aborted).toBe(true);
  });

  it("neither revokes nor reports what fails after the partition was lost", async () => {
    let fail = (_: Error) => {};
    const busy = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const { delivery, events, failures } = await begin({ records: () => busy });
    delivery.take([record(0)], 1, 1, 0);
    await settled();
    delivery.lose(new Failure("stale", "OWNERSHIP_LOST", "gone"));
    fail(new Error("too late"));
    await delivery.revoke();
    expect(events).toEqual([]);
    expect(failures).toEqual([]);
  });

  it("waits while it is in doubt whether the member is in its group", async () => {
    let clear = () => {};
    let doubt: Promise<void> | undefined = new Promise<void>((resolve) => {
      clear = resolve;
    });
    const { delivery, events } = await begin({}, { inDoubt: () => doubt });
    delivery.take([record(0)], 1, 1, 0);
    await settled();
    expect(events).toEqual([]);
    doubt = undefined;
    clear();
    await settled();
    expect(events).toEqual(["records 0"]);
  });

  it("fails, without a handler, where the committed offset is not in the log", async () => {
    for (const committed of [1, 9]) {
      const { delivery, failures } = await begin({}, { committed, bounds: { first: 2, end: 8 } });
      await settled();
      expect(failures).toMatchObject([{ kind: "outOfRange" }]);
      expect(delivery.isHungry).toBe(false);
    }
  });

  it("fails where what is stored can't be decoded", async () => {
    const { delivery, failures } = await begin();
    delivery.undecodable(new RangeError("no batch"));
    expect(failures).toMatchObject([{ kind: "corrupt" }]);
    expect(delivery.isHungry).toBe(false);
  });
});
