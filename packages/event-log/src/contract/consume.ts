import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { type Harness, RecordingMember, value } from "./harness.ts";

export function consumeContract(harness: Harness): void {
  describe("consume", () => {
    it("hands over records in order, those there already and those that come, none left out", async () => {
      const { log } = await harness.open();
      const texts = Array.from({ length: 100 }, (_, i) => `${i}`);
      for (const each of texts.slice(0, 50)) await log.append(0, value(each));
      const member = new RecordingMember();
      await log.join("g", member);
      for (const each of texts.slice(50)) await log.append(0, value(each));
      await harness.until("all arrived", () => member.texts(0).length >= 100);
      expect(member.texts(0)).toEqual(texts);
    });

    harness.itNeeds(["reopening"], "begins at the committed offset, also after a reopening", async () => {
      const { log, reopen } = await harness.open();
      const offsets: number[] = [];
      for (let i = 0; i < 6; i++) offsets.push((await log.append(1, value(`${i}`))).offset);
      const first = new RecordingMember();
      await log.join("g", first);
      await harness.until("all arrived", () => first.texts(1).length === 6);
      await first.owned.get(1)!.commit(offsets[4]!);
      expect(await log.committed("g", 1)).toBe(offsets[4]);
      const reopened = await reopen();
      const second = new RecordingMember();
      await reopened.join("g", second);
      await harness.until("the rest arrived", () => second.texts(1).length === 2);
      expect(second.texts(1)).toEqual(["4", "5"]);
      expect(second.history.find((owned) => owned.partition === 1)!.startOffset).toBe(offsets[4]);
    });

    it("hands over at most maxBatchBytes at once, and at least one record", async () => {
      const { log } = await harness.open();
      for (let i = 0; i < 6; i++) await log.append(0, new Uint8Array(40));
      await log.append(0, new Uint8Array(500));
      const member = new RecordingMember();
      await log.join("g", member, { maxBatchBytes: 100 });
      await harness.until("all arrived", () => member.received.get(0)?.length === 7);
      const sizes = member.batches.map((batch) => batch.reduce((sum, record) => sum + record.value.length, 0));
      expect(sizes.filter((size) => size > 100)).toEqual([500]);
    });

    it("hands over the next records only when the promise of those before has resolved", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      let running = 0;
      let most = 0;
      member.onRecords = async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      };
      await log.join("g", member, { maxBatchBytes: 1 });
      await Promise.all(Array.from({ length: 20 }, (_, i) => log.append(2, value(`${i}`))));
      await harness.until("all arrived", () => member.texts(2).length === 20);
      expect(most).toBe(1);
    });

    it("says idle when the end is reached, and again while nothing comes", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      await log.join("g", member);
      await harness.until("idle was called", () => member.idleCalls >= log.partitions);
      const before = member.idleCalls;
      await harness.until("idle was called again", () => member.idleCalls >= before + log.partitions);
    });

    it("says idle at no time that a record handed over later is older than", async () => {
      const { log } = await harness.open();
      const seen: number[] = [];
      await log.join("g", {
        assigned: ({ partition }) => ({
          records: async (records) => {
            if (partition === 0) seen.push(...records.map((record) => record.appendTimeMs));
          },
          idle: (timeMs) => {
            if (partition === 0) seen.push(timeMs);
          },
          revoke: async () => undefined,
        }),
        failed: (error) => {
          throw error;
        },
      });
      for (let i = 0; i < 60; i++) await Promise.all([log.append(0, value(`${i}`)), log.append(0, value(`${i}`))]);
      await harness.until("all arrived", () => seen.length >= 120);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    });

    it("stops handing over a partition's records when the handler rejects, and reports the error", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      const broken = new Failure("internal", "INTERNAL", "broken on purpose");
      member.onRecords = (records) => {
        if (Buffer.from(records[0]!.value).toString() === "bad") throw broken;
      };
      await log.join("g", member, { maxBatchBytes: 1 });
      for (const each of ["good", "bad", "after"]) await log.append(0, value(each));
      await log.append(1, value("elsewhere"));
      await harness.until("the failure was reported", () => member.failures.length > 0);
      await harness.until("the other partition went on", () => member.texts(1).length === 1);
      expect(member.failures).toEqual([{ error: broken, partition: 0 }]);
      expect(member.texts(0)).toEqual(["good"]);
    });

    it("knows the end offset of an owned partition", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      await log.join("g", member);
      const { offset } = await log.append(0, value("x"));
      await harness.until("it was seen", () => member.owned.get(0)!.endOffset() === offset + 1);
    });
  });
}
