// Writes blocks until it is killed, and prints each write time once it is acknowledged. Run by the tests alone.
import { blockOf, scanAll } from "../contract/samples.ts";
import { openEmbeddedCellStore } from "./embedded-cell-store.ts";

const store = await openEmbeddedCellStore({ directory: process.argv[2] ?? "" });
const before = await scanAll(store, { projectId: "crash" });
for (let wts = Math.max(0, ...before.map((block) => block.wts)) + 1; ; wts++) {
  await store.writeBlocks(Array.from({ length: 10 }, (_, slot) => blockOf({ projectId: "crash", slot }, wts)));
  process.stdout.write(`${wts}\n`);
}
