import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { recordStoreContract } from "../contract/index.ts";
import type { RecordStore } from "../record-store.ts";
import { openEmbeddedRecordStore } from "./embedded-record-store.ts";

const directories = new WeakMap<RecordStore, string>();

recordStoreContract("a folder", {
  open: () => openIn(newDirectory()),
  reopen: (closed) => openIn(directories.get(closed) ?? ""),
});

recordStoreContract("memory", {
  open: () => openEmbeddedRecordStore({ directory: ":memory:" }),
  reopen: () => openEmbeddedRecordStore({ directory: ":memory:" }),
  except: [{ capability: "reopen", reason: "memory is gone at close" }],
});

describe("the embedded record store", () => {
  it("has every acknowledged change after kill -9 at a random moment", async () => {
    const directory = newDirectory();
    for (let round = 0; round < 3; round++) {
      const acknowledged = await changeUntilKilled(directory, 20 + Math.random() * 150);
      const store = await openIn(directory);
      const record = await store.get("crash", "counter");
      await store.close();
      const version = record?.version ?? 0;
      // The change that was cut off may have been made as well, but no other.
      expect([acknowledged, acknowledged + 1]).toContain(version);
      if (record !== undefined) expect(new TextDecoder().decode(record.value)).toBe(`${version}`);
    }
  }, 30_000);

  it("leaves nothing of a deleted record's value on the disk, while it is open and after", async () => {
    const directory = newDirectory();
    const store = await openIn(directory);
    const value = Buffer.from("a secret of one day, to be forgotten");
    const isOnDisk = () => readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(value));
    for (let i = 0; i < 20; i++) {
      await store.put({
        collection: "salt",
        id: `day ${i}`,
        expectedVersion: 0,
        value: i === 7 ? value : Buffer.alloc(36),
      });
    }
    expect(isOnDisk()).toBe(true);
    await store.put({ collection: "salt", id: "day 7", expectedVersion: 1, value: undefined });
    expect(isOnDisk()).toBe(false);
    await store.close();
    expect(isOnDisk()).toBe(false);
  });

  it("tells a second opener that the folder is in use, and lets it in after the first has closed", async () => {
    const directory = newDirectory();
    const first = await openIn(directory);
    const second = openEmbeddedRecordStore({ directory });
    await expect(second).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
    await expect(second).rejects.toThrow(`in ${directory} failed: the data directory is in use by another process`);
    await first.close();
    await (await openIn(directory)).close();
  });

  it("calls a file that is no store corrupt, without the driver's text", async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "records.db"), "this is not a database, not at all".repeat(100));
    const opening = openEmbeddedRecordStore({ directory });
    await expect(opening).rejects.toMatchObject({ kind: "corrupt", reason: "DATA_CORRUPT" });
    await expect(opening).rejects.not.toThrow(/SQLITE|not a database/i);
  });

  it("fails with unavailable where the folder cannot be made", async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "file"), "");
    const opening = openEmbeddedRecordStore({ directory: join(directory, "file", "below") });
    await expect(opening).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("tells a watcher that fell behind once, and then is at its end", async () => {
    const store = await openEmbeddedRecordStore({ directory: ":memory:" });
    onTestFinished(() => store.close());
    const iterator = store.watch()[Symbol.asyncIterator]();
    for (let from = 0; from < 11_000; from += 1_000) {
      const ids = Array.from({ length: 1_000 }, (_, n) => `r${from + n}`);
      await Promise.all(
        ids.map((id) => store.put({ collection: "c", id, expectedVersion: 0, value: new Uint8Array() })),
      );
    }
    await expect(iterator.next()).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
    expect((await iterator.next()).done).toBe(true);
  });
});

/** Starts a writer, kills it after some milliseconds, and gives the highest version that it had acknowledged. */
async function changeUntilKilled(directory: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "crash-writer.ts"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = 0;
  const lines = createInterface({ input: child.stdout });
  lines.once("line", () => setTimeout(() => child.kill("SIGKILL"), afterMs));
  for await (const line of lines) acknowledged = Number(line);
  return acknowledged;
}

async function openIn(directory: string): Promise<RecordStore> {
  const store = await openEmbeddedRecordStore({ directory });
  directories.set(store, directory);
  onTestFinished(() => store.close());
  return store;
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-records-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
