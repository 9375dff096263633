/**
 * Every connection between a service and a server is disturbed, one after the other, under load: what was acknowledged
 * counts once, exactly, in every bucket, and every service goes on by itself. `links.long.test.ts` has every fault.
 */
import { it, onTestFailed, onTestFinished } from "vitest";
import { type Trial, tryLink } from "./link-trials.ts";
import { LinkedMesh } from "./links.ts";
import { chaosSeed, randomFrom } from "./seed.ts";

const BAD_MS = 1_200;
const TRIALS: readonly Trial[] = [
  ["ingest-Kafka", "answers lost"],
  ["ingest-Kafka", "reset after requests"],
  ["processing-Kafka", "black hole"],
  ["processing-Cassandra", "answers lost"],
  ["processing-claims", "answers lost"],
  ["processing-claims", "reset after requests"],
  ["reporting-Cassandra", "black hole on the way back"],
  ["config-Cassandra", "connections forgotten"],
];

it("every event counts once, whatever becomes of a service's connection to a server", {
  timeout: 400_000,
}, async () => {
  const seed = chaosSeed();
  const random = randomFrom(seed);
  const linked = await LinkedMesh.start();
  onTestFinished(() => linked[Symbol.asyncDispose]());
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${linked.mesh.output.slice(-30_000)}\n`));
  for (const trial of TRIALS) await tryLink(linked, trial, BAD_MS, random);
});
