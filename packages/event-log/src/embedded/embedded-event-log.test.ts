import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RecordingMember, readAll, text, value } from "../contract/harness.ts";
import { eventLogContract } from "../contract/index.ts";
import { openEmbeddedEventLog } from "./embedded-event-log.ts";

const HOUR_MS = 3_600_000;
const CHILD_LIMIT_MS = 20_000;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-event-log-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

eventLogContract("embedded, on disk", {
  open: async () => {
    const directory = temporaryDirectory();
    let nowMs = 1_000_000_000_000;
    const options = { directory, partitions: 4, retentionMs: HOUR_MS, clock: () => nowMs };
    let log = await openEmbeddedEventLog(options);
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await openEmbeddedEventLog(options);
        return log;
      },
      trimAll: async () => {
        nowMs += 2 * HOUR_MS;
        while (log.trim(nowMs) > 0);
      },
      dispose: () => log.close(),
    };
  },
});

eventLogContract("embedded, in memory", {
  open: async () => {
    const log = await openEmbeddedEventLog({ directory: ":memory:", partitions: 5, retentionMs: 0 });
    return {
      log,
      reopen: () => Promise.reject(new Error("A log in memory cannot be reopened.")),
      trimAll: async () => {
        while (log.trim(Date.now() + HOUR_MS) > 0);
      },
      dispose: () => log.close(),
    };
  },
  except: [{ capability: "reopening", reason: "What is in memory goes with the log." }],
});

describe("the embedded event log", () => {
  it("gives dense offsets from 0", async () => {
    const log = await openEmbeddedEventLog({ directory: ":memory:" });
    onTestFinished(() => log.close());
    const appended = await Promise.all([0, 1, 2].map((i) => log.append(7, value(`${i}`))));
    expect(appended.map((each) => each.offset)).toEqual([0, 1, 2]);
    expect(log.partitions).toBe(8);
  });

  it("stamps a record as it is written, so that a wait in the queue makes it no older than an idle before", async () => {
    let nowMs = 1000;
    const log = await openEmbeddedEventLog({ directory: ":memory:", clock: () => nowMs });
    onTestFinished(() => log.close());
    const append = log.append(0, value("x"));
    nowMs = 2000;
    expect((await append).appendTimeMs).toBe(2000);
  });

  it("refuses a directory that is in use, and takes it when it is free again", async () => {
    const directory = temporaryDirectory();
    const log = await openEmbeddedEventLog({ directory });
    await expect(openEmbeddedEventLog({ directory })).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("in use"),
    });
    await log.close();
    await (await openEmbeddedEventLog({ directory })).close();
  });

  it("refuses a damaged file with corrupt", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "event-log.sqlite"), Buffer.alloc(40_000, "no database "));
    await expect(openEmbeddedEventLog({ directory })).rejects.toMatchObject({
      kind: "corrupt",
      reason: "DATA_CORRUPT",
    });
  });

  it("refuses a directory that cannot be made with unavailable", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "file"), "");
    await expect(openEmbeddedEventLog({ directory: join(directory, "file") })).rejects.toMatchObject({
      kind: "unavailable",
    });
  });

  it("refuses another number of partitions than the log was made with", async () => {
    const directory = temporaryDirectory();
    await (await openEmbeddedEventLog({ directory, partitions: 3 })).close();
    await expect(openEmbeddedEventLog({ directory, partitions: 4 })).rejects.toMatchObject({ kind: "precondition" });
    await expect(openEmbeddedEventLog({ directory, partitions: 0 })).rejects.toMatchObject({ kind: "invalid" });
    const log = await openEmbeddedEventLog({ directory });
    expect(log.partitions).toBe(3);
    await log.close();
  });

  it("refuses appends beyond 64 MiB that wait, and takes them again afterwards", async () => {
    const log = await openEmbeddedEventLog({ directory: ":memory:" });
    onTestFinished(() => log.close());
    const megabytes = new Uint8Array(2 << 20);
    const settled = await Promise.allSettled(Array.from({ length: 40 }, () => log.append(0, megabytes)));
    const refused = settled.filter((each) => each.status === "rejected");
    expect(refused).toHaveLength(8);
    expect(refused[0]!.reason).toMatchObject({ kind: "exhausted", reason: "OVERLOADED" });
    expect((await log.append(0, megabytes)).offset).toBe(32);
  });

  it("removes only records older than the retention, in bounded steps", async () => {
    let nowMs = 0;
    const log = await openEmbeddedEventLog({ directory: ":memory:", retentionMs: HOUR_MS, clock: () => nowMs });
    onTestFinished(() => log.close());
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(0, value(`${i}`))));
    nowMs = HOUR_MS;
    await log.append(0, value("young"));
    expect(log.trim(HOUR_MS)).toBe(0);
    expect(log.trim(HOUR_MS + 1)).toBe(256);
    expect(log.trim(HOUR_MS + 1)).toBe(44);
    expect(log.trim(HOUR_MS + 1)).toBe(0);
    expect((await readAll(log, 0, 300)).map(text)).toEqual(["young"]);
  });

  it("keeps old records that a group has not committed yet, unless it has been silent for long", async () => {
    let nowMs = 0;
    const log = await openEmbeddedEventLog({ directory: ":memory:", retentionMs: HOUR_MS, clock: () => nowMs });
    onTestFinished(() => log.close());
    for (let i = 0; i < 4; i++) await log.append(0, value(`${i}`));
    const member = new RecordingMember();
    const joined = await log.join("g", member);
    await expect.poll(() => member.texts(0).length).toBe(4);
    await member.owned.get(0)!.commit(2);
    await joined.leave();
    nowMs = 2 * HOUR_MS;
    expect(log.trim(nowMs)).toBe(2);
    expect(log.trim(4 * HOUR_MS + 1)).toBe(2);
    const late = new RecordingMember();
    await log.join("g", late);
    await expect.poll(() => late.failures[0]?.error).toMatchObject({ kind: "outOfRange" });
  });

  it("keeps every record that a group with members has not committed, however long it takes", async () => {
    let nowMs = 0;
    const log = await openEmbeddedEventLog({ directory: ":memory:", retentionMs: HOUR_MS, clock: () => nowMs });
    onTestFinished(() => log.close());
    const member = new RecordingMember();
    await log.join("g", member);
    for (let i = 0; i < 4; i++) await log.append(0, value(`${i}`));
    await expect.poll(() => member.texts(0).length).toBe(4);
    nowMs = 100 * HOUR_MS;
    expect(log.trim(nowMs)).toBe(0);
    await member.owned.get(0)!.commit(3);
    expect(log.trim(nowMs)).toBe(3);
  });

  it("counts a group's silence over all partitions: where nothing came it had nothing to commit", async () => {
    let nowMs = 0;
    const log = await openEmbeddedEventLog({ directory: ":memory:", retentionMs: HOUR_MS, clock: () => nowMs });
    onTestFinished(() => log.close());
    const member = new RecordingMember();
    const joined = await log.join("g", member);
    for (const partition of [0, 1]) await log.append(partition, value("a"));
    await expect.poll(() => member.texts(0).length + member.texts(1).length).toBe(2);
    await member.owned.get(0)!.commit(1);
    nowMs = 10 * HOUR_MS;
    await member.owned.get(1)!.commit(1);
    await joined.leave();
    // While nobody reads, records come to a partition that was quiet, and to one that never had any.
    for (const partition of [0, 2]) await log.append(partition, value("b"));
    nowMs = 13 * HOUR_MS;
    while (log.trim(nowMs) > 0);
    expect(await log.bounds(0)).toEqual({ first: 1, end: 2 });
    expect(await log.bounds(2)).toEqual({ first: 0, end: 1 });
    nowMs = 15 * HOUR_MS;
    while (log.trim(nowMs) > 0);
    expect(await log.bounds(0)).toEqual({ first: 2, end: 2 });
  });

  it("has every acknowledged record after a kill -9, at its offset, and nothing half written", async () => {
    const directory = temporaryDirectory();
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      for (const [place, start] of await appendUntilKilled(directory, 30 + round * 45)) acknowledged.set(place, start);
      const log = await openEmbeddedEventLog({ directory });
      const found = new Map<string, string>();
      for (let partition = 0; partition < 4; partition++) {
        const records = await readAll(log, partition, 0);
        expect(records.map((record) => record.offset)).toEqual(records.map((_, i) => i));
        for (const record of records) found.set(`${partition} ${record.offset}`, text(record));
      }
      await log.close();
      for (const [place, start] of acknowledged) expect(found.get(place)?.startsWith(start), place).toBe(true);
    }
    expect(acknowledged.size).toBeGreaterThan(0);
  }, 30_000);
});

/** Runs a process that appends, kills it a while after it began, and gives what it saw acknowledged. */
function appendUntilKilled(directory: string, afterMs: number): Promise<Map<string, string>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "crash-child.ts"), directory], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: CHILD_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => {
      // The last line may be cut short.
      const lines = output.split("\n").slice(1, -1);
      resolve(
        new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)])),
      );
    });
  });
}
