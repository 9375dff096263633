/** As links.test.ts: every fault of every link, for longer than any deadline, session or timeout. */
import { it, onTestFailed, onTestFinished } from "vitest";
import { type Trial, tryLink } from "./link-trials.ts";
import { FAULTS, type FaultName, LINKS, LinkedMesh } from "./links.ts";
import { chaosSeed, randomFrom, shuffled } from "./seed.ts";

/** Longer than a processor's session of 6 s and Cassandra's timeout of 5 s. */
const SILENT_MS = 9_000;
/** Longer than an append is tried: callers of ingest are then told that it is unclear, and send again. */
const INGEST_SILENT_MS = 20_000;
const BAD_MS = 4_000;

it("every event counts once, whatever becomes of a service's connection to a server", {
  timeout: 2_400_000,
}, async () => {
  const seed = chaosSeed();
  const random = randomFrom(seed);
  const linked = await LinkedMesh.start();
  onTestFinished(() => linked[Symbol.asyncDispose]());
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${linked.mesh.output.slice(-30_000)}\n`));
  const all = LINKS.flatMap((link) => (Object.keys(FAULTS) as FaultName[]).map((fault) => [link, fault] as const));
  for (const trial of shuffled(all, random)) await tryLink(linked, trial, badMs(trial), random);
});

function badMs([link, fault]: Trial): number {
  if (!FAULTS[fault].silences) return BAD_MS;
  return link === "ingest-Kafka" ? INGEST_SILENT_MS : SILENT_MS;
}
