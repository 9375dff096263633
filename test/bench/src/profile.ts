/** `node profile.ts FILE.cpuprofile [LINES]`: which functions took the time, of their own, in percent. */
import { readFileSync } from "node:fs";

type CpuProfile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};
type CallFrame = { readonly functionName: string; readonly url: string; readonly lineNumber: number };

const [path = "", lines = "40"] = process.argv.slice(2);
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
const frames = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
const micros = new Map<string, number>();
let total = 0;
for (const [i, id] of samples.entries()) {
  const name = frames.get(id)!;
  if (name === "(idle)") continue;
  micros.set(name, (micros.get(name) ?? 0) + timeDeltas[i]!);
  total += timeDeltas[i]!;
}
const rows = [...micros].toSorted((a, b) => b[1] - a[1]).slice(0, Number(lines));
for (const [name, own] of rows) console.log(`${((own / total) * 100).toFixed(1).padStart(5)} %  ${name}`);

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.split("/").slice(-2).join("/");
  return `${functionName || "(anonymous)"}${file === "" ? "" : `  ${file}:${lineNumber + 1}`}`;
}
