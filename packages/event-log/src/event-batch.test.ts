import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, zstdCompressSync } from "node:zlib";
import { Failure } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COMPRESS_FROM_BYTES,
  type EventSection,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_READABLE_BATCH_BYTES,
  type SectionHeader,
} from "./event-batch.ts";
import { EventBatchReader } from "./event-batch-reader.ts";
import { EventBatchWriter } from "./event-batch-writer.ts";
import { readSections, writeSections } from "./event-sections.ts";

const HEADER: SectionHeader = {
  projectId: "shop",
  revision: 7,
  processingVersion: 1,
  imported: false,
  receivedAtMs: 1_700_000_000_000,
  userAgent: "",
};

/** What the golden files hold. */
const GOLDEN: readonly EventSection[] = [
  {
    ...HEADER,
    userAgent: "Mozilla/5.0 (X11; Linux x86_64) Ünïcode",
    events: [
      { timeMs: 1_699_999_999_990, claimTimeMs: 1_699_999_999_990, late: false, assignedId: "", bytes: bytes(3, 200) },
      { timeMs: 1_700_000_000_005, claimTimeMs: 1_699_999_999_000, late: false, assignedId: "", bytes: bytes(5, 40) },
    ],
  },
  {
    ...HEADER,
    projectId: "web",
    revision: 123_456,
    processingVersion: 300,
    imported: true,
    events: [
      {
        timeMs: 315_532_800_000,
        claimTimeMs: 253_402_300_799_999,
        late: true,
        assignedId: "a-1.2",
        bytes: bytes(9, 0),
      },
    ],
  },
];

function bytes(seed: number, length: number): Uint8Array {
  return Buffer.alloc(length).map((_, i) => seed * (i + 1));
}

function golden(name: string): Uint8Array {
  return readFileSync(join(import.meta.dirname, "golden", name));
}

/** Buffers and arrays made alike. */
function plain(sections: readonly EventSection[]): unknown {
  return sections.map((s) => ({ ...s, events: s.events.map((e) => ({ ...e, bytes: [...e.bytes] })) }));
}

function withChecksum(content: Uint8Array): Uint8Array {
  const record = Buffer.alloc(content.length + 4);
  record.set(content);
  record.writeUInt32LE(crc32(content), content.length);
  return record;
}

/** Reads all of a record; true when it was one. Anything but a failure `corrupt` is passed on. */
function isReadable(value: Uint8Array): boolean {
  try {
    readSections(value);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.kind === "corrupt") return false;
    throw error;
  }
}

const time = fc.integer({ min: 315_532_800_000, max: 253_402_300_799_999 });
const section: fc.Arbitrary<EventSection> = fc.record({
  projectId: fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
  revision: fc.maxSafeNat(),
  processingVersion: fc.nat(),
  imported: fc.boolean(),
  receivedAtMs: time,
  userAgent: fc.string({ maxLength: 100 }),
  events: fc.array(
    fc.record({
      timeMs: time,
      claimTimeMs: time,
      late: fc.boolean(),
      assignedId: fc.oneof(fc.constant(""), fc.stringMatching(/^[0-9a-f]{1,64}$/)),
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

describe("a record of the log", () => {
  it("gives back the sections and events that were written", () => {
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 5 }), (sections) => {
        expect(plain(readSections(writeSections(sections)))).toEqual(plain(sections));
      }),
      { numRuns: 200 },
    );
  });

  it("is written as the golden file of format version 1", () => {
    expect(Buffer.from(writeSections(GOLDEN)).toString("hex")).toBe(
      Buffer.from(golden("event-batch-1.bin")).toString("hex"),
    );
    expect(plain(readSections(golden("event-batch-1.bin")))).toEqual(plain(GOLDEN));
  });

  it("is read from the golden file of a compressed record", () => {
    const [first] = GOLDEN;
    const events = Array.from({ length: 60 }, (_, i) => ({ ...first!.events[0]!, timeMs: HEADER.receivedAtMs - i }));
    expect(plain(readSections(golden("event-batch-1-compressed.bin")))).toEqual(plain([{ ...first!, events }]));
  });

  it("is compressed from 4 KiB on, and only when that makes it smaller", () => {
    const one = (length: number, seed: number) =>
      writeSections([
        { ...HEADER, events: [{ timeMs: 0, claimTimeMs: 0, late: false, assignedId: "", bytes: bytes(seed, length) }] },
      ]);
    expect(one(COMPRESS_FROM_BYTES, 0).length).toBeLessThan(200);
    expect(one(1000, 0).length).toBeGreaterThan(1000);
    const noise = Buffer.alloc(8000);
    for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE(crc32(`${i}`), i);
    const record = writeSections([
      { ...HEADER, events: [{ timeMs: 0, claimTimeMs: 0, late: false, assignedId: "", bytes: noise }] },
    ]);
    expect(record[1]).toBe(0);
    expect(Buffer.compare(readSections(record)[0]!.events[0]!.bytes, noise)).toBe(0);
  });
});

describe("EventBatchWriter", () => {
  const event = Buffer.alloc(100, 1);
  const add = (writer: EventBatchWriter, length = 100) =>
    writer.addEvent(1, 1, false, "", Buffer.alloc(length), 0, length);

  it("writes one record after the other", () => {
    const writer = new EventBatchWriter();
    for (let i = 1; i < 4; i++) {
      writer.beginSection({ ...HEADER, revision: i });
      for (let k = 0; k < i; k++) add(writer);
      expect(writer.eventCount).toBe(i);
      const [read] = readSections(writer.finish());
      expect([read!.revision, read!.events.length, writer.eventCount, writer.byteLength]).toEqual([i, i, 0, 0]);
    }
  });

  it("copies only the given part of the buffer, so that it can be used again", () => {
    const writer = new EventBatchWriter();
    writer.beginSection(HEADER);
    const buffer = Buffer.from("xxhelloxx");
    writer.addEvent(1, 1, false, "", buffer, 2, 7);
    buffer.fill(0);
    expect(Buffer.from(readSections(writer.finish())[0]!.events[0]!.bytes).toString()).toBe("hello");
  });

  it("says false when the record is full, and leaves it as it was", () => {
    const writer = new EventBatchWriter(2000);
    writer.beginSection(HEADER);
    let added = 0;
    while (writer.addEvent(1, 1, false, "", event, 0, 100)) added++;
    expect(writer.beginSection(HEADER)).toBe(false);
    expect(added).toBeGreaterThan(10);
    const before = writer.byteLength;
    expect(before).toBeLessThanOrEqual(2000);
    expect(readSections(writer.finish())[0]!.events).toHaveLength(added);
  });

  it("holds 65,535 events and no more", () => {
    const writer = new EventBatchWriter();
    writer.beginSection(HEADER);
    for (let i = 0; i < MAX_BATCH_EVENTS; i++) if (!add(writer, 1)) throw new Error(`full at ${i}`);
    expect(add(writer, 1)).toBe(false);
    const reader = new EventBatchReader(writer.finish());
    reader.nextSection();
    while (reader.nextEvent());
    expect(reader.index).toBe(MAX_BATCH_EVENTS - 1);
  });

  it("refuses an event that fits no record", () => {
    const writer = new EventBatchWriter();
    writer.beginSection(HEADER);
    expect(() => add(writer, MAX_BATCH_BYTES)).toThrow(
      expect.objectContaining({ kind: "invalid", reason: "EVENT_TOO_LARGE" }),
    );
  });

  it("leaves no trace of a section without events", () => {
    const writer = new EventBatchWriter();
    writer.beginSection({ ...HEADER, projectId: "empty" });
    writer.beginSection(HEADER);
    add(writer);
    writer.beginSection({ ...HEADER, projectId: "empty-too" });
    expect(readSections(writer.finish()).map((s) => s.projectId)).toEqual(["shop"]);
  });

  it("cuts a user agent at 512 bytes, between characters", () => {
    const writer = new EventBatchWriter();
    writer.beginSection({ ...HEADER, userAgent: `a${"ü".repeat(400)}` });
    add(writer);
    expect(readSections(writer.finish())[0]!.userAgent).toBe(`a${"ü".repeat(255)}`);
  });

  it("refuses wrong arguments and keeps what it had", () => {
    const writer = new EventBatchWriter();
    expect(() => writer.beginSection({ ...HEADER, projectId: "" })).toThrow(/project_id/);
    writer.beginSection(HEADER);
    add(writer);
    expect(() => writer.addEvent(Number.NaN, 1, false, "", event, 0, 100)).toThrow(/time/);
    expect(() => writer.addEvent(1, 1, false, "x".repeat(65), event, 0, 100)).toThrow(/event_id/);
    expect(() => writer.beginSection({ ...HEADER, revision: -1 })).toThrow(/revision/);
    expect(plain(readSections(writer.finish()))).toMatchObject([{ projectId: "shop", events: [{ timeMs: 1 }] }]);
  });
});

describe("EventBatchReader", () => {
  it("passes over the events of a section that were not read, and counts them", () => {
    const reader = new EventBatchReader(writeSections(GOLDEN));
    reader.nextSection();
    reader.nextSection();
    expect(reader.nextEvent()).toBe(true);
    expect([reader.projectId, reader.index, reader.late, reader.assignedId]).toEqual(["web", 2, true, "a-1.2"]);
    expect([reader.nextEvent(), reader.nextSection()]).toEqual([false, false]);
  });

  it("refuses every single changed byte", () => {
    const record = writeSections(GOLDEN);
    for (let i = 0; i < record.length; i++) {
      const damaged = Uint8Array.from(record);
      damaged[i]! ^= 1 << (i % 8);
      expect(isReadable(damaged)).toBe(false);
    }
  });

  it("gives corrupt and nothing else for bytes that are no record, with a right checksum too", () => {
    const change = fc.tuple(fc.nat(), fc.constantFrom("set", "cut", "insert"), fc.nat({ max: 255 }));
    const samples = [writeSections(GOLDEN), golden("event-batch-1-compressed.bin")];
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }), (sample, changes) => {
        const content = [...sample.subarray(0, -4)];
        for (const [place, what, byte] of changes) {
          const at = place % content.length;
          if (what === "set") content[at] = byte;
          else if (what === "cut") content.splice(at, 1 + (byte % 8));
          else content.splice(at, 0, byte);
          if (content.length === 0) content.push(1);
        }
        isReadable(withChecksum(Uint8Array.from(content)));
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        isReadable(content);
        isReadable(withChecksum(Uint8Array.from([1, 0, ...content])));
        isReadable(withChecksum(Uint8Array.from([1, 1, ...content])));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses a body that is larger than it says, or than 16 MiB, without unpacking it whole", () => {
    const bomb = (said: number, body: Uint8Array) => {
      const packed = zstdCompressSync(body);
      const content = Buffer.alloc(6 + packed.length);
      content.set([1, 1]);
      content.writeUInt32LE(said, 2);
      content.set(packed, 6);
      return withChecksum(content);
    };
    expect(isReadable(bomb(1000, Buffer.alloc(MAX_READABLE_BATCH_BYTES * 2)))).toBe(false);
    expect(isReadable(bomb(MAX_READABLE_BATCH_BYTES + 1, Buffer.alloc(MAX_READABLE_BATCH_BYTES + 1)))).toBe(false);
    expect(isReadable(bomb(0xffff_ffff, Buffer.alloc(10)))).toBe(false);
    expect(isReadable(bomb(5000, Buffer.alloc(4999)))).toBe(false);
  });
});
