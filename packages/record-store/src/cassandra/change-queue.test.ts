import { Failure } from "@millrace/failure";
import { expect, it } from "vitest";
import { type ChangedTable, ChangeQueue } from "./change-queue.ts";
import type { Attempt } from "./record-table.ts";

const CHANGE = { collection: "projects", id: "shop", expectedVersion: 1, value: new Uint8Array([2]) };
const unknownOutcome = new Failure("unknownOutcome", "BACKEND_TIMEOUT", "no answer");

/** A table with the record at version 1, whose first attempt is not answered, and is applied when the test says so. */
function tableThatAnswersLate() {
  let record = { version: 1, live: true, changes: 5 };
  let appliedName: string | undefined;
  const attempts: Attempt[] = [];
  const apply = ({ name, from }: Attempt) => {
    if (record.version !== from.version) return false;
    record = { version: from.version + 1, live: true, changes: from.changes + 1 };
    appliedName = name;
    return true;
  };
  const table: ChangedTable = {
    state: async () => record,
    newAttempt: (change, from) => ({ name: `attempt ${attempts.length}`, change, from }),
    async tryChange(attempt) {
      attempts.push(attempt);
      if (attempts.length === 1) throw unknownOutcome;
      return apply(attempt);
    },
    wasMade: async ({ name }) => name === appliedName,
  };
  return { table, attempts, apply, current: () => record };
}

it("a change whose unanswered attempt is applied only after it was looked for was made, and is not called stale", async () => {
  const { table, attempts, apply, current } = tableThatAnswersLate();
  const { wasMade } = table;
  const late: ChangedTable = {
    ...table,
    async wasMade(attempt) {
      const found = await wasMade(attempt);
      // The request is read from a broken connection now.
      if (!found) apply(attempts[0]!);
      return found;
    },
  };
  const told: number[] = [];
  const queue = new ChangeQueue(late, (_shard, number) => void told.push(number));
  expect(await queue.add(CHANGE, undefined)).toBe(2);
  expect(current()).toMatchObject({ version: 2 });
  expect(attempts).toHaveLength(1);
  expect(told).toEqual([6]);
});

it("a change whose unanswered attempt was lost is made once, by another", async () => {
  const { table, attempts, current } = tableThatAnswersLate();
  const queue = new ChangeQueue(table, () => {});
  expect(await queue.add(CHANGE, undefined)).toBe(2);
  expect(current()).toMatchObject({ version: 2, changes: 6 });
  expect(attempts).toHaveLength(2);
});

it("a change that somebody else was faster than is stale, also after an attempt that was not answered", async () => {
  const { table, apply } = tableThatAnswersLate();
  const { wasMade } = table;
  const overtaken: ChangedTable = {
    ...table,
    async wasMade(attempt) {
      const found = await wasMade(attempt);
      apply({ ...attempt, name: "of another process" });
      return found;
    },
  };
  const queue = new ChangeQueue(overtaken, () => {});
  await expect(queue.add(CHANGE, undefined)).rejects.toMatchObject({ kind: "stale", reason: "ETAG_MISMATCH" });
});
