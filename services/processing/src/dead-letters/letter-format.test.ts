import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import type { DeadLetter } from "./dead-letters.ts";
import { letterRecord, movesRecord, readLetterRecord } from "./letter-format.ts";

const POSITION = { generation: 1, partition: 3, offset: 70_021, index: 2 };

const LETTER: DeadLetter = {
  position: POSITION,
  projectId: "site",
  reason: "FOLD_FAILED",
  problem: "too\nmuch",
  stamps: {
    revision: 4,
    processingVersion: 1,
    imported: false,
    receivedAtMs: 1_700_000_000_000,
    userAgent: "curl",
    timeMs: 1_699_999_999_000,
    claimTimeMs: 1_699_999_998_000,
    late: false,
    assignedId: "",
  },
  bytes: new Uint8Array([10, 1, 10, 0]),
};

function textRecord(line: string, bytes: readonly number[] = []): Uint8Array {
  return Buffer.concat([Buffer.from(`${line}\n`), Uint8Array.from(bytes)]);
}

describe("a letter", () => {
  it("is read as it was kept", () => {
    const read = readLetterRecord(letterRecord(LETTER, 2_000));
    expect(read).toEqual({ kind: "letter", letter: { ...LETTER, bytes: Buffer.from(LETTER.bytes) } });
  });

  it("has the bytes that the format says", () => {
    const line =
      '{"version":2,"kind":"letter","position":{"generation":1,"partition":3,"offset":70021,"index":2},' +
      '"projectId":"site","reason":"FOLD_FAILED","stamps":{"revision":4,"processingVersion":1,"imported":false,' +
      '"receivedAtMs":1700000000000,"userAgent":"curl","timeMs":1699999999000,"claimTimeMs":1699999998000,' +
      '"late":false,"assignedId":""},"problem":"too\\nmuch"}';
    expect(Buffer.from(letterRecord(LETTER, 2_000))).toEqual(textRecord(line, [10, 1, 10, 0]));
  });

  it("of version 1 is read, without reason and stamps", () => {
    const line =
      '{"position":{"generation":1,"partition":0,"offset":7,"index":1},"projectId":"site","problem":"no name"}';
    const position = { generation: 1, partition: 0, offset: 7, index: 1 };
    const letter = { position, projectId: "site", problem: "no name", reason: "", bytes: Buffer.from([1, 10, 2]) };
    expect(readLetterRecord(textRecord(line, [1, 10, 2]))).toEqual({ kind: "letter", letter });
  });

  it("of version 1 that was cut says how long it was", () => {
    const line =
      '{"position":{"generation":1,"partition":0,"offset":7,"index":0},"projectId":"","problem":"x","cutFromBytes":9}';
    expect(readLetterRecord(textRecord(line))).toMatchObject({ letter: { cutFromBytes: 9 } });
  });
});

it("keeps what was redriven where", () => {
  const to = { ...POSITION, offset: 80_000 };
  const record = movesRecord({ timeMs: 5, moves: [[POSITION, to]] });
  expect(Buffer.from(record).toString()).toBe(
    '{"version":2,"kind":"moves","timeMs":5,"moves":[["1:3:70021:2","1:3:80000:2"]]}\n',
  );
  expect(readLetterRecord(record)).toEqual({ kind: "moves", timeMs: 5, moves: [[POSITION, to]] });
});

it.each([
  ["nothing", new Uint8Array()],
  ["no line", Buffer.from("{}")],
  ["no JSON", textRecord("{")],
  ["no object", textRecord("7")],
  ["no letter", textRecord("{}")],
  ["a later version", textRecord('{"version":3}')],
  ["a move of one", textRecord('{"version":2,"kind":"moves","timeMs":1,"moves":[["1:2:3:4"]]}')],
])("refuses %s as damaged", (_, value) => {
  expect(() => readLetterRecord(value)).toThrow(Failure);
});
