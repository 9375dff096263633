import { type CellStore, WATERMARK_KIND, watermarkState } from "@millrace/cell-store";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { TIERS } from "@millrace/rollup";
import type { Bench, Figure } from "./bench.ts";
import { inKeyspace } from "./cassandra-keyspace.ts";
import { median } from "./median.ts";

const WRITE_FOR_MS = 4_000;
/** As many partitions of the log write at a time. */
const AT_A_TIME = 16;
const READINGS = 20;
const START_MS = Date.UTC(2026, 0, 5);

/** The one partition of Cassandra that every flush writes, and that every question reads whole. */
export const bench: Bench = {
  about: "watermarks in Cassandra, one node: written as flushes do, read as a question does, by partitions of the log",
  run: () =>
    inKeyspace(async (keyspace) => {
      const store = await openCassandraCellStore(keyspace);
      const figures: Figure[] = [];
      for (const sources of [64, 1_024]) figures.push(...(await measure(store, sources)));
      await store.close();
      return figures;
    }),
};

async function measure(store: CellStore, sources: number): Promise<Figure[]> {
  let flushes = 0;
  const marksOf = (source: number, timeMs: number) =>
    TIERS.map((tier) => watermarkState({ source: `1:${source}`, tier, offset: timeMs, timeMs }));
  for (let source = 0; source < sources; source++) await store.writeStates(marksOf(source, START_MS));
  const began = performance.now();
  const write = async (from: number) => {
    for (let at = from; performance.now() - began < WRITE_FOR_MS; at += AT_A_TIME) {
      await store.writeStates(marksOf(at % sources, START_MS + at));
      flushes++;
    }
  };
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, from) => write(from)));
  const written = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1_000;
  const reads: { readonly ms: number; readonly cpuMs: number }[] = [];
  for (let i = 0; i < READINGS; i++) {
    const [at, before] = [performance.now(), process.cpuUsage()];
    await store.readStates(WATERMARK_KIND);
    const { user, system } = process.cpuUsage(before);
    reads.push({ ms: performance.now() - at, cpuMs: (user + system) / 1_000 });
  }
  const rows = TIERS.length * flushes;
  return [
    { what: `${sources} partitions: watermarks written`, value: rows / seconds, unit: "rows/s" },
    {
      what: "… for a second of the writer's processor time",
      value: rows / ((written.user + written.system) / 1e6),
      unit: "rows",
    },
    { what: "… all of them read, as for each question", value: median(reads.map(({ ms }) => ms)), unit: "ms" },
    { what: "… processor time of who asks", value: median(reads.map(({ cpuMs }) => cpuMs)), unit: "ms" },
  ];
}
