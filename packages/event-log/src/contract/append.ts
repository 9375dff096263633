import { describe, expect, it } from "vitest";
import { type Harness, readAll, text, value } from "./harness.ts";

export function appendContract(harness: Harness): void {
  describe("append", () => {
    it("gives each record of a partition a greater offset than those before", async () => {
      const { log } = await harness.open();
      const offsets: number[] = [];
      for (let i = 0; i < 5; i++) offsets.push((await log.append(1, value(`${i}`))).offset);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      expect(new Set(offsets).size).toBe(5);
    });

    it("keeps the order of the calls of one caller in a partition, awaited or not", async () => {
      const { log } = await harness.open();
      const texts = Array.from({ length: 300 }, (_, i) => `record ${i}`);
      await Promise.all(texts.map((each) => log.append(2, value(each))));
      expect((await readAll(log, 2, 0)).map(text)).toEqual(texts);
    });

    it("loses and doubles nothing among many callers and partitions at once", async () => {
      const { log } = await harness.open();
      const caller = async (name: number) => {
        for (let i = 0; i < 25; i++) await log.append((name + i) % 4, value(`${name}:${i}`));
      };
      await Promise.all(Array.from({ length: 8 }, (_, name) => caller(name)));
      const found: string[] = [];
      for (let partition = 0; partition < 4; partition++) found.push(...(await readAll(log, partition, 0)).map(text));
      expect(found).toHaveLength(200);
      expect(new Set(found).size).toBe(200);
    });

    it("gives back the bytes that were appended, the largest and the empty value too", async () => {
      const { log } = await harness.open();
      const large = new Uint8Array(log.maxRecordBytes).map((_, i) => i * 31);
      await log.append(0, large);
      await log.append(0, new Uint8Array(0));
      const [first, second] = await readAll(log, 0, 0);
      expect(Buffer.compare(first!.value, large)).toBe(0);
      expect(second!.value).toHaveLength(0);
    });

    harness.itNeeds(
      ["reopening"],
      "does not resolve before the record is durable: what was acknowledged is there after a reopening",
      async () => {
        const { log, reopen } = await harness.open();
        const appended = await Promise.all(Array.from({ length: 50 }, (_, i) => log.append(i % 4, value(`${i}`))));
        const reopened = await reopen();
        const found = [];
        for (let partition = 0; partition < 4; partition++) found.push(...(await readAll(reopened, partition, 0)));
        expect(found.map(text).sort()).toEqual(appended.map((_, i) => `${i}`).sort());
        const next = await reopened.append(0, value("next"));
        expect(next.offset).toBeGreaterThan(Math.max(...appended.filter((_, i) => i % 4 === 0).map((a) => a.offset)));
        expect(reopened.generation).toBe(log.generation);
      },
    );

    it("refuses a value over maxRecordBytes with invalid", async () => {
      const { log } = await harness.open();
      await expect(log.append(0, new Uint8Array(log.maxRecordBytes + 1))).rejects.toMatchObject({ kind: "invalid" });
    });

    it("refuses a partition that does not exist with invalid", async () => {
      const { log } = await harness.open();
      for (const partition of [-1, 0.5, log.partitions, Number.NaN]) {
        await expect(log.append(partition, value("x"))).rejects.toMatchObject({ kind: "invalid" });
      }
    });

    it("fails with unknownOutcome when the wait is aborted, and with cancelled when it never began", async () => {
      const { log } = await harness.open();
      const abort = new AbortController();
      const append = log.append(0, value("x"), { signal: abort.signal });
      abort.abort();
      await expect(append).rejects.toMatchObject({ kind: "unknownOutcome" });
      await expect(log.append(0, value("y"), { signal: abort.signal })).rejects.toMatchObject({ kind: "cancelled" });
    });

    it("fails with unavailable (CLOSED) after close", async () => {
      const { log } = await harness.open();
      await log.close();
      await log.close();
      await expect(log.append(0, value("x"))).rejects.toMatchObject({ kind: "unavailable", reason: "CLOSED" });
      await expect(log.ready()).rejects.toMatchObject({ kind: "unavailable", reason: "CLOSED" });
      await expect(log.join("g", { assigned: () => never(), failed: () => undefined })).rejects.toMatchObject({
        reason: "CLOSED",
      });
    });

    harness.itNeeds(["reopening"], "has done every append that was called before close, or refused it", async () => {
      const { log, reopen } = await harness.open();
      const appends = Array.from({ length: 20 }, (_, i) => log.append(0, value(`${i}`)));
      const settled = Promise.allSettled(appends);
      const reopened = await reopen();
      const acknowledged = (await settled).filter((each) => each.status === "fulfilled").length;
      expect((await readAll(reopened, 0, 0)).length).toBeGreaterThanOrEqual(acknowledged);
    });
  });
}

function never(): never {
  throw new Error("Nothing is assigned by a closed log.");
}
