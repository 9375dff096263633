import type { LogRecord } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { expect, it, onTestFinished } from "vitest";
import { type DeadLetter, deadLettersIn } from "./dead-letters.ts";
import { readLetterRecord } from "./letter-format.ts";

async function open() {
  const log = await openEmbeddedEventLog({ directory: ":memory:", partitions: 2 });
  onTestFinished(() => log.close());
  const kept = async (partition: number) => {
    const records: LogRecord[] = [];
    for await (const some of log.read(partition, 0)) records.push(...some);
    return records.map(({ value }) => {
      const record = readLetterRecord(value);
      if (record.kind !== "letter") throw new Error("a letter was expected");
      return record.letter;
    });
  };
  return { put: (letters: DeadLetter[]) => deadLettersIn(log).put(letters, new AbortController().signal), kept, log };
}

function letter(index: number, bytes: Uint8Array): DeadLetter {
  return {
    position: { generation: 1, partition: 3, offset: 7, index },
    projectId: "site",
    reason: "EVENT_UNREADABLE",
    problem: "no\nname",
    bytes,
  };
}

it("keeps letters in order, each with its position, problem and bytes", async () => {
  const { put, kept } = await open();
  const letters = [letter(0, new Uint8Array([10, 1, 10])), letter(1, new Uint8Array())];
  await put(letters);
  expect((await kept(1)).map((one) => ({ ...one, bytes: [...one.bytes] }))).toEqual(
    letters.map((one) => ({ ...one, bytes: [...one.bytes] })),
  );
});

it("cuts what is too large for a record, and says how long it was", async () => {
  const { put, kept, log } = await open();
  await put([letter(0, new Uint8Array(log.maxRecordBytes).fill(7))]);
  const [one] = await kept(1);
  expect(one?.cutFromBytes).toBe(log.maxRecordBytes);
  expect(one?.bytes.length).toBeGreaterThan(log.maxRecordBytes - 1_000);
});

it("keeps more letters than the log takes at once", async () => {
  const { put, kept } = await open();
  const bytes = new Uint8Array(1 << 20);
  await put(Array.from({ length: 80 }, (_, index) => letter(index, bytes)));
  expect((await kept(1)).map(({ position }) => position.index)).toEqual(Array.from({ length: 80 }, (_, i) => i));
});
