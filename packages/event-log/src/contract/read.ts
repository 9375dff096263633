import { describe, expect, it } from "vitest";
import { type Harness, readAll, text, value } from "./harness.ts";

export function readContract(harness: Harness): void {
  describe("read", () => {
    it("begins at the offset, inclusive, and ends at the end of the moment when it began", async () => {
      const { log } = await harness.open();
      const offsets: number[] = [];
      for (let i = 0; i < 4; i++) offsets.push((await log.append(3, value(`${i}`))).offset);
      const reading = log.read(3, offsets[1]!)[Symbol.asyncIterator]();
      const found: string[] = [];
      for (let next = await reading.next(); !next.done; next = await reading.next()) {
        found.push(...next.value.map(text));
        await log.append(3, value("later"));
      }
      expect(found).toEqual(["1", "2", "3"]);
      expect(await readAll(log, 3, (await log.bounds(3)).end)).toEqual([]);
    });

    it("gives a record's offset and append time as append did", async () => {
      const { log } = await harness.open();
      const appended = await log.append(0, value("x"));
      expect((await readAll(log, 0, 0))[0]).toMatchObject(appended);
    });

    harness.itNeeds(["trimming"], "fails with outOfRange from an offset before the oldest record kept", async () => {
      const { log, trimAll } = await harness.open();
      const { offset } = await log.append(0, value("old"));
      await trimAll();
      const kept = await log.append(0, value("new"));
      expect(kept.offset).toBeGreaterThan(offset);
      expect(await log.bounds(0)).toEqual({ first: kept.offset, end: kept.offset + 1 });
      await expect(readAll(log, 0, offset)).rejects.toMatchObject({ kind: "outOfRange" });
      expect((await readAll(log, 0, kept.offset)).map(text)).toEqual(["new"]);
    });

    harness.itNeeds(
      ["trimming", "reopening"],
      "does not give offsets a second time after all records were removed and the log was reopened",
      async () => {
        const { log, trimAll, reopen } = await harness.open();
        const { offset } = await log.append(0, value("old"));
        await trimAll();
        const reopened = await reopen();
        expect((await reopened.append(0, value("new"))).offset).toBeGreaterThan(offset);
      },
    );

    it("stops promptly when its signal aborts", async () => {
      const { log } = await harness.open();
      await log.append(0, value("x"));
      const abort = new AbortController();
      const reading = log.read(0, 0, { signal: abort.signal })[Symbol.asyncIterator]();
      abort.abort();
      await expect(reading.next()).rejects.toMatchObject({ kind: "cancelled" });
    });
  });
}
