import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Checkpoint } from "./checkpoint.ts";
import { resumeStateOf } from "./resume-state.ts";

const AT_MS = Date.parse("2026-03-01T12:00:00Z");

/** A file, and what opens the checkpoint of sending it. */
function prepare() {
  const directory = mkdtempSync(join(tmpdir(), "millrace-checkpoint-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "rows.ndjson");
  writeFileSync(file, "{}\n");
  const said: string[] = [];
  function open({ resume = false, what = "a mapping", path = file } = {}): Checkpoint {
    const where = { credentialsPath: join(directory, "credentials.json"), environment: { HOME: directory } };
    const say = (line: string) => void said.push(line);
    return new Checkpoint(resumeStateOf(path, what, where), { resume, say, now: () => AT_MS });
  }
  return { directory, file, said, open };
}

/** A run that settles so many records and is then interrupted. */
function interrupted(checkpoint: Checkpoint, records: number): void {
  checkpoint.settled.begin(records)();
  checkpoint.end(false);
}

describe("a checkpoint", () => {
  it("is where the next run goes on, when that is asked for, and told when it is not", () => {
    const { open, said, directory } = prepare();
    interrupted(open(), 4_200);
    expect(open().resumeAt).toBe(0);
    expect(said.pop()).toBe(
      "Of this file 4,200 records were sent until 2026-03-01 12:00:00 UTC; --resume goes on there.",
    );
    expect(open({ resume: true }).resumeAt).toBe(4_200);
    expect(said.pop()).toBe("Going on after 4,200 records, sent until 2026-03-01 12:00:00 UTC.");
    const [name] = readdirSync(join(directory, "sends"));
    expect(statSync(join(directory, "sends", name!)).mode & 0o777).toBe(0o600);
  });

  it("never goes back: a run from the beginning that came less far changes nothing", () => {
    const { open } = prepare();
    interrupted(open(), 4_200);
    interrupted(open(), 1_000);
    expect(open({ resume: true }).resumeAt).toBe(4_200);
  });

  it("is of one file as it is, and of one mapping", () => {
    const { open, file, said } = prepare();
    interrupted(open(), 4_200);
    expect(open({ resume: true, what: "another mapping" }).resumeAt).toBe(0);
    expect(said.pop()).toMatch(/nothing to resume/);
    utimesSync(file, 1, 1);
    expect(open({ resume: true }).resumeAt).toBe(0);
  });

  it("is forgotten when the file was sent to its end", () => {
    const { open, directory } = prepare();
    interrupted(open(), 4_200);
    const last = open({ resume: true });
    last.settled.begin(5_000)();
    last.end(true);
    expect(readdirSync(join(directory, "sends"))).toEqual([]);
    expect(open({ resume: true }).resumeAt).toBe(0);
  });

  it("is that of the beginning when its file is damaged, and of a hundred files at most", () => {
    const { open, directory } = prepare();
    interrupted(open(), 4_200);
    const folder = join(directory, "sends");
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "nonsense");
    expect(open({ resume: true }).resumeAt).toBe(0);
    for (let n = 0; n < 150; n++) writeFileSync(join(folder, `${n}.json`), "{}");
    open();
    expect(readdirSync(folder).length).toBe(100);
  });

  it("can't be of standard input", () => {
    const { open } = prepare();
    expect(() => open({ resume: true, path: "-" })).toThrow("--resume needs a file");
    expect(open({ path: "-" }).canResume).toBe(false);
  });
});
