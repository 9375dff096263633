import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Batch } from "../buffer/batch.ts";
import type { BufferLimits } from "../buffer/event-buffer.ts";
import { EventWriter } from "../event/event-writer.ts";
import { Counters } from "../stats.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { RECORD_HEADER_BYTES, readSegment, SEGMENT_HEADER, writeRecord } from "./segment-format.ts";
import { SpooledBuffer } from "./spooled-buffer.ts";

const ANOTHER = "0190163d-8694-439b-aea5-966c26f8ad91";
const writer = new EventWriter();
const frame = (id: string) => writer.write("e", { pad: "x".repeat(900) }, { eventId: id }, {}, Date.UTC(2026)).slice();
const ids = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `id-${String(from + i).padStart(4, "0")}`);
const RECORD_BYTES = frame("id-0000").length + RECORD_HEADER_BYTES;
const LIMITS: BufferLimits = { events: 1e6, bytes: 1e6, batchEvents: 4, batchBytes: 1e5, overflow: "drop-oldest" };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-spool-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

type Options = { readonly maxBytes?: number; readonly clock?: VirtualClock } & Partial<BufferLimits>;

function open(directory: string, { maxBytes = 1e8, clock = new VirtualClock(Date.now()), ...limits }: Options = {}) {
  const dropped: Record<string, number> = {};
  const problems: unknown[] = [];
  const counters = new Counters();
  const buffer = new SpooledBuffer({
    settings: { directory, maxBytes, fsync: "never" },
    limits: { ...LIMITS, ...limits },
    clock,
    counters,
    onDropped: (reason, count) => {
      dropped[reason] = (dropped[reason] ?? 0) + count;
    },
    onUnspooled: (thrown) => problems.push(thrown),
    onFound: () => {},
  });
  onTestFinished(() => buffer.close());
  const append = (names: readonly string[]) => names.map((id) => buffer.append(frame(id)));
  return { buffer, dropped, problems, counters, append };
}

function idsOf({ frames }: Batch): string[] {
  return [
    ...Buffer.from(frames)
      .toString("latin1")
      .matchAll(/id-\d{4}/g),
  ].map(([id]) => id);
}

/** Takes and settles everything. */
function drain(buffer: SpooledBuffer): string[] {
  buffer.seal();
  const drained: string[] = [];
  for (let batch = next(buffer); batch !== undefined; batch = next(buffer)) {
    drained.push(...idsOf(batch));
    buffer.settle(batch);
  }
  return drained;
}

function next(buffer: SpooledBuffer): Batch | undefined {
  return buffer.peek() && buffer.take();
}

/** Makes the folders in a directory those of a process that has died. */
function kill(directory: string): string[] {
  return readdirSync(directory).map((name) => {
    const path = join(directory, name);
    const owner = JSON.parse(readFileSync(join(path, "owner.json"), "utf8"));
    writeFileSync(join(path, "owner.json"), JSON.stringify({ ...owner, startedAt: "1" }));
    return path;
  });
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(open|segment|taken)$/.test(name),
  );
}

describe("a spool", () => {
  it("can be read by its user alone", () => {
    const directory = join(temporaryDirectory(), "spool");
    const { append } = open(directory);
    append(ids(10));
    for (const path of ["", ...(readdirSync(directory, { recursive: true }) as string[])]) {
      expect([path, statSync(join(directory, path)).mode & 0o077]).toEqual([path, 0]);
    }
  });

  it("gives everything back in order, and leaves nothing on disk when all is settled", () => {
    const directory = temporaryDirectory();
    const { buffer, append } = open(directory);
    expect(append(ids(100))).not.toContain(false);
    expect(buffer.counts.spooledBytes).toBeGreaterThan(100 * RECORD_BYTES);
    expect(drain(buffer)).toEqual(ids(100));
    expect(buffer.counts).toEqual({ queued: 0, inFlight: 0, bytes: 0, spooledBytes: SEGMENT_HEADER.length });
    buffer.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("holds more than memory does, and keeps the order", () => {
    const { buffer, append } = open(temporaryDirectory(), { bytes: 20_000, maxBytes: 800_000 });
    append(ids(400));
    expect(buffer.counts).toMatchObject({ queued: 400 });
    expect(buffer.counts.bytes).toBeLessThanOrEqual(20_000);
    const first = next(buffer)!;
    append(ids(50, 400));
    buffer.giveBack(first);
    expect(drain(buffer)).toEqual(ids(450));
  });

  it("outlives a process: what was appended and not settled comes again in the next", () => {
    const directory = temporaryDirectory();
    const first = open(directory, { bytes: 10_000, maxBytes: 800_000 });
    first.append(ids(100));
    first.buffer.seal();
    const sent = [next(first.buffer)!, next(first.buffer)!];
    first.buffer.settle(sent[0]!);
    kill(directory);
    const second = open(directory);
    expect(second.counters.recovered).toBe(100);
    expect(second.buffer.counts.queued).toBe(100);
    // A file is kept until all of it is settled; the server knows what comes twice.
    expect(drain(second.buffer)).toEqual(ids(100));
    expect(files(directory)).toEqual([]);
  });

  it("is taken up where a client was closed with events left", () => {
    const directory = temporaryDirectory();
    const first = open(directory);
    first.append(ids(10));
    first.buffer.close();
    const second = open(directory);
    expect(drain(second.buffer)).toEqual(ids(10));
  });

  it("leaves the folders of living processes alone, also in the same directory", () => {
    const directory = temporaryDirectory();
    const first = open(directory);
    first.append(ids(10));
    const second = open(directory);
    second.append(ids(10, 10));
    expect(drain(second.buffer)).toEqual(ids(10, 10));
    expect(drain(first.buffer)).toEqual(ids(10));
  });

  it("takes over from another host when that has given no sign of life for a minute", async () => {
    const directory = temporaryDirectory();
    const elsewhere = join(directory, ANOTHER);
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "owner.json"), JSON.stringify({ pid: 1, startedAt: "1", host: "elsewhere" }));
    writeSegment(join(elsewhere, "00000001.open"), ids(3));
    const clock = new VirtualClock(Date.now());
    const { buffer } = open(directory, { clock });
    await clock.advance(30_000);
    expect(buffer.counts.queued).toBe(0);
    utimesSync(join(elsewhere, "owner.json"), clock.now() / 1000, clock.now() / 1000);
    await clock.advance(45_000);
    expect(buffer.counts.queued).toBe(0);
    await clock.advance(45_000);
    expect(drain(buffer)).toEqual(ids(3));
    expect(readdirSync(directory)).not.toContain(ANOTHER);
  });

  it("takes over at once what a client on another host has left", () => {
    const directory = temporaryDirectory();
    const elsewhere = join(directory, ANOTHER);
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "owner.json"), JSON.stringify({ pid: 0, startedAt: "", host: "elsewhere" }));
    writeSegment(join(elsewhere, "00000001-3.segment"), ids(3));
    expect(drain(open(directory).buffer)).toEqual(ids(3));
  });

  it("drops its oldest files when it is full, and counts every event", () => {
    const { buffer, append, dropped } = open(temporaryDirectory(), { bytes: 5_000, maxBytes: 100_000 });
    append(ids(500));
    const kept = drain(buffer);
    expect(dropped["SPOOL_FULL"]).toBe(500 - kept.length);
    expect(kept.at(-1)).toBe("id-0499");
    expect(kept.length).toBeGreaterThan(60);
  });

  it("refuses newer events when it is full, where that is the policy, and says when there is room", async () => {
    const { buffer, append, dropped } = open(temporaryDirectory(), { maxBytes: 100_000, overflow: "wait" });
    const taken = append(ids(500)).filter((isTaken) => isTaken).length;
    expect(dropped).toEqual({ SPOOL_FULL: 500 - taken });
    expect(drain(buffer)).toEqual(ids(taken));
    await buffer.whenRoom();
  });

  it("keeps events in memory, and says so, when it can't be written", () => {
    const directory = temporaryDirectory();
    const { buffer, append, problems } = open(directory, { maxBytes: 100_000 });
    append(ids(5));
    rmSync(directory, { recursive: true, force: true });
    // The open file still takes what is written, until the next one can't be made.
    append(ids(40, 5));
    expect(problems.length).toBeGreaterThan(0);
    expect(drain(buffer)).toEqual(ids(45));
  });

  it("sends what is in memory alone in batches as large as ever, apart from what is in files", async () => {
    const directory = temporaryDirectory();
    const clock = new VirtualClock(Date.now());
    const { buffer, append } = open(directory, { maxBytes: 100_000, clock });
    const [folder = ""] = readdirSync(directory);
    rmSync(directory, { recursive: true, force: true });
    append(ids(6));
    mkdirSync(join(directory, folder), { recursive: true });
    await clock.advance(1000);
    append(ids(3, 6));
    buffer.seal();
    const sizes = [next(buffer), next(buffer), next(buffer)].map((batch) => batch && idsOf(batch).length);
    expect(sizes).toEqual([4, 2, 3]);
  });

  it("leaves nobody waiting for room who waits when it is closed, or later", async () => {
    const { buffer, append } = open(temporaryDirectory(), { maxBytes: 100_000, overflow: "wait" });
    append(ids(500));
    const waiting = buffer.whenRoom();
    buffer.close();
    await Promise.all([waiting, buffer.whenRoom()]);
  });

  it("writes again when that is possible again, and counts what it can keep in no file", async () => {
    const directory = temporaryDirectory();
    const clock = new VirtualClock(Date.now());
    const { buffer, append, dropped, problems } = open(directory, { maxBytes: 100_000, clock });
    const [folder = ""] = readdirSync(directory);
    rmSync(directory, { recursive: true, force: true });
    append(ids(10));
    expect(problems).toHaveLength(1);
    mkdirSync(join(directory, folder), { recursive: true });
    await clock.advance(1000);
    append(ids(10, 10));
    buffer.close();
    expect(dropped).toEqual({ SPOOL_FAILED: 10 });
    expect(drain(open(directory).buffer)).toEqual(ids(10, 10));
  });
});

function writeSegment(path: string, names: readonly string[]): void {
  writeFileSync(path, SEGMENT_HEADER);
  for (const id of names) {
    const target = new Uint8Array(RECORD_BYTES + 100);
    appendFileSync(path, target.subarray(0, writeRecord(target, frame(id))));
  }
}

it("touches nothing in its directory that is not of a spool", async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "mine"));
  utimesSync(join(directory, "mine"), 1, 1);
  open(directory).buffer.close();
  expect(readdirSync(directory)).toEqual(["mine"]);
});

describe("a file that was torn or damaged", () => {
  const whole = (count: number): Buffer => {
    const path = join(temporaryDirectory(), "whole");
    writeSegment(path, ids(count));
    return readFileSync(path);
  };

  it("gives the whole records before the tear, wherever it is", () => {
    const file = whole(5);
    fc.assert(
      fc.property(fc.nat(file.length), (length) => {
        const expected = Math.max(0, Math.floor((length - SEGMENT_HEADER.length) / RECORD_BYTES));
        expect(readSegment(file.subarray(0, length)).count).toBe(expected);
      }),
    );
  });

  it("gives no record that is not as it was written, whichever bit has turned", () => {
    const file = whole(5);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const damaged = new Uint8Array(file);
        damaged[at]! ^= 1 << bit;
        const { count, frames } = readSegment(damaged);
        const intact = at < SEGMENT_HEADER.length ? 0 : Math.floor((at - SEGMENT_HEADER.length) / RECORD_BYTES);
        expect(count).toBe(intact);
        expect(frames).toEqual(readSegment(file).frames.subarray(0, frames.length));
      }),
    );
  });

  it("costs what it held, counted, and no other", () => {
    const directory = temporaryDirectory();
    const folder = join(directory, ANOTHER);
    mkdirSync(folder);
    writeSegment(join(folder, "00000001-3.segment"), ids(2));
    writeSegment(join(folder, "00000002-2.segment"), ids(2, 2));
    writeFileSync(join(folder, "owner.json"), JSON.stringify({ pid: 0, startedAt: "", host: "elsewhere" }));
    utimesSync(join(folder, "owner.json"), 1, 1);
    const { buffer, dropped, counters } = open(directory);
    expect(drain(buffer)).toEqual(ids(4));
    expect([counters.recovered, dropped]).toEqual([5, { SPOOL_DAMAGED: 1 }]);
  });
});
