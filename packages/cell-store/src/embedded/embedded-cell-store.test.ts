import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CellStore } from "../cell-store.ts";
import { cellStoreContract } from "../contract/index.ts";
import { blockOf, scanAll } from "../contract/samples.ts";
import { openEmbeddedCellStore } from "./embedded-cell-store.ts";

const directories = new WeakMap<CellStore, string>();

cellStoreContract("a folder", {
  open: () => openIn(newDirectory()),
  reopen: (closed) => openIn(directories.get(closed) ?? ""),
});

cellStoreContract("memory", {
  open: () => openEmbeddedCellStore({ directory: ":memory:" }),
  reopen: () => openEmbeddedCellStore({ directory: ":memory:" }),
  except: [{ capability: "reopen", reason: "memory is gone at close" }],
});

describe("the embedded cell store", () => {
  it("has every acknowledged block after kill -9 at a random moment", async () => {
    const directory = newDirectory();
    for (let round = 0; round < 3; round++) {
      const acknowledged = await writeUntilKilled(directory, 20 + Math.random() * 150);
      const store = await openIn(directory);
      const found = await scanAll(store, { projectId: "crash" });
      await store.close();
      // A call writes ten slots at one write time; those of the call that was cut off may be there as well.
      const slots = found.filter(({ wts }) => wts >= acknowledged);
      expect(slots).toHaveLength(acknowledged === 0 ? slots.length : 10);
    }
  }, 30_000);

  it("tells a second opener that the folder is in use, and lets it in after the first has closed", async () => {
    const directory = newDirectory();
    const first = await openIn(directory);
    const second = openEmbeddedCellStore({ directory });
    await expect(second).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
    await expect(second).rejects.toThrow(`in ${directory} failed: the data directory is in use by another process`);
    await first.close();
    await (await openIn(directory)).close();
  });

  it("calls a file that is no store corrupt, without the driver's text", async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "cells.db"), "this is not a database, not at all".repeat(100));
    const opening = openEmbeddedCellStore({ directory });
    await expect(opening).rejects.toMatchObject({ kind: "corrupt", reason: "DATA_CORRUPT" });
    await expect(opening).rejects.not.toThrow(/SQLITE|not a database/i);
  });

  it("fails with corrupt or unavailable, never with wrong blocks, when the file was cut", async () => {
    const directory = newDirectory();
    const store = await openIn(directory);
    await store.writeBlocks(Array.from({ length: 2_000 }, (_, slot) => blockOf({ slot }, 1, "x".repeat(500))));
    await store.close();
    truncateSync(join(directory, "cells.db"), 200_000);
    const reading = openIn(directory).then((damaged) => scanAll(damaged));
    await expect(reading).rejects.toMatchObject({ kind: expect.stringMatching(/corrupt|unavailable/) });
  });

  it("fails with unavailable where the folder cannot be made", async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "file"), "");
    const opening = openEmbeddedCellStore({ directory: join(directory, "file", "below") });
    await expect(opening).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("keeps twenty thousand series apart", async () => {
    const store = await openIn(newDirectory());
    const blocks = Array.from({ length: 20_000 }, (_, index) =>
      blockOf({ projectId: `p${index >> 2}`, granularity: ["1m", "15m", "1h", "1d"][index % 4] ?? "" }, 1, `${index}`),
    );
    await store.writeBlocks(blocks);
    const found = await store.readBlocks(blocks.map(({ key }) => key));
    expect(found.map((block) => block?.blob.byteLength)).toEqual(blocks.map(({ blob }) => blob.byteLength));
  });
});

/** Starts a writer, kills it after some milliseconds, and gives the highest write time that it had acknowledged. */
async function writeUntilKilled(directory: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "crash-writer.ts"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = 0;
  const lines = createInterface({ input: child.stdout });
  lines.once("line", () => setTimeout(() => child.kill("SIGKILL"), afterMs));
  for await (const line of lines) acknowledged = Number(line);
  return acknowledged;
}

async function openIn(directory: string): Promise<CellStore> {
  const store = await openEmbeddedCellStore({ directory });
  directories.set(store, directory);
  onTestFinished(() => store.close());
  return store;
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-cells-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
