import type { BlockWrite } from "@millrace/cell-store";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import type { Bench, Figure } from "./bench.ts";
import { inKeyspace } from "./cassandra-keyspace.ts";
import { median, REPETITIONS } from "./median.ts";

const MEBIBYTE = 2 ** 20;
/** As a flush writes them. */
const BLOCKS_PER_CALL = 2_048;

/** What is flushed: so many blocks of a size, over projects of one slot or slots of one project. */
const LOADS = [
  { what: "300 B, each of its own project", blocks: 20_480, bytes: 300, isOne: false },
  { what: "5 KB, of 64 slots of one project", blocks: 4_096, bytes: 5_000, isOne: true },
] as const;

export const bench: Bench = {
  about: "blocks written to Cassandra, one node, as a flush writes them",
  run: () =>
    inKeyspace(async (keyspace) => {
      const store = await openCassandraCellStore(keyspace);
      const figures: Figure[] = [];
      for (const load of LOADS) {
        const seconds: number[] = [];
        const cpuSeconds: number[] = [];
        for (let round = 0; round <= REPETITIONS; round++) {
          const blocks = blocksOf(load, round);
          const began = performance.now();
          const cpu = process.cpuUsage();
          for (let from = 0; from < blocks.length; from += BLOCKS_PER_CALL) {
            await store.writeBlocks(blocks.slice(from, from + BLOCKS_PER_CALL));
          }
          const { user, system } = process.cpuUsage(cpu);
          // The first prepares, compiles and lists the partitions.
          if (round === 0) continue;
          seconds.push((performance.now() - began) / 1_000);
          cpuSeconds.push((user + system) / 1e6);
        }
        const [took, cpu] = [median(seconds), median(cpuSeconds)];
        figures.push(
          { what: load.what, value: load.blocks / took, unit: "rows/s" },
          { what: "…", value: (load.blocks * load.bytes) / took / MEBIBYTE, unit: "MiB/s" },
          { what: "… for a second of this process's processor time", value: load.blocks / cpu, unit: "rows" },
        );
      }
      await store.close();
      return figures;
    }),
};

function blocksOf({ blocks, bytes, isOne }: (typeof LOADS)[number], round: number): BlockWrite[] {
  const blob = new Uint8Array(bytes).fill(round);
  return Array.from({ length: blocks }, (_, i) => {
    const place = { family: "main@1", generation: 1, granularity: "1m", source: "1:0" };
    const project = isOne ? { projectId: "site", slot: i % 64, bucket: Math.floor(i / 64) } : { slot: 0, bucket: 0 };
    return { key: { projectId: `site-${i}`, ...place, ...project }, wts: round + 1, blob, keepMinutes: 30_240 };
  });
}
