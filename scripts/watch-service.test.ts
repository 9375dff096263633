/** What is synced into a container is started: as `kubectl exec -- tar xmf -` writes it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../test/harness/src/until.ts";

const SERVICE = `
import { word } from "../../../packages/words/src/word.ts";
console.log("started " + word);
process.on("SIGTERM", () => process.exit(7));
setInterval(() => {}, 1_000);
`;

it("starts a service again with every file that tar replaces, and ends with what the service ends with", async () => {
  const image = makeImage();
  image.sync("packages/words/src/word.ts", word("one"));
  const run = image.run("services/speaker/src/main.ts");
  await run.says("started one");
  for (const text of ["two", "three", "four"]) {
    image.sync("packages/words/src/word.ts", word(text));
    await run.says(`started ${text}`);
  }
  run.process.kill("SIGTERM");
  const [code] = await once(run.process, "exit");
  expect(code).toBe(7);
});

it("waits with a source that cannot run for the one that can, also in a directory that is new", async () => {
  const image = makeImage();
  image.sync("packages/words/src/word.ts", word("one"));
  const run = image.run("services/speaker/src/main.ts");
  await run.says("started one");
  image.sync("packages/words/src/word.ts", `export { word } from "./new/words.ts";`);
  await run.says("ended with 1");
  image.sync("packages/words/src/new/words.ts", word("two"));
  await run.says("started two");
  image.sync("packages/words/src/new/words.ts", word("three"));
  await run.says("started three");
});

it("leaves a service alone when another service changes", async () => {
  const image = makeImage();
  image.sync("packages/words/src/word.ts", word("one"));
  const run = image.run("services/speaker/src/main.ts");
  await run.says("started one");
  image.sync("services/other/src/main.ts", "export {};");
  image.sync("packages/words/src/word.ts", word("two"));
  await run.says("started two");
  expect(run.output.split("started")).toHaveLength(3);
});

it("runs anything else once, and gives its exit code", async () => {
  const image = makeImage();
  image.sync("packages/cli/bin/tool.js", "process.exit(3);");
  const [code] = await once(image.run("packages/cli/bin/tool.js").process, "exit");
  expect(code).toBe(3);
});

function word(text: string): string {
  return `export const word: string = ${JSON.stringify(text)};\n`;
}

/** A tree like the one of the image, with one service. */
function makeImage() {
  const root = mkdtempSync(join(tmpdir(), "millrace-watch-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const path of ["scripts", "services/other/src"]) mkdirSync(join(root, path), { recursive: true });
  copyFileSync(join(import.meta.dirname, "watch-service.ts"), join(root, "scripts/watch-service.ts"));
  writeFileSync(join(root, "package.json"), `{ "type": "module" }`);
  const sync = (path: string, text: string) => {
    const staging = mkdtempSync(join(tmpdir(), "millrace-sync-"));
    mkdirSync(dirname(join(staging, path)), { recursive: true });
    writeFileSync(join(staging, path), text);
    const archive = execFileSync("tar", ["cf", "-", "-C", staging, path]);
    execFileSync("tar", ["xmf", "-", "-C", root, "--no-same-owner"], { input: archive });
    rmSync(staging, { recursive: true });
  };
  sync("services/speaker/src/main.ts", SERVICE);
  const run = (...command: string[]) => {
    const process_ = spawn(process.execPath, ["scripts/watch-service.ts", ...command], { cwd: root });
    onTestFinished(() => {
      process_.kill("SIGTERM");
    });
    const says = (text: string) => until(`it says "${text}"`, () => run.output.includes(text), { withinMs: 15_000 });
    const run = { process: process_, output: "", says };
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.on("data", (data: Buffer) => {
        run.output += data.toString();
      });
    }
    return run;
  };
  return { sync, run };
}
