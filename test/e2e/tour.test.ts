/**
 * The tour of the readme, pasted line by line into a shell against a fresh server, so that it can't rot. A line ends with
 * what its output must contain, behind an arrow.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { CHECKOUT, environment, type Millrace, startMillrace } from "@millrace/harness";
import { describe, expect, it, onTestFinished } from "vitest";

const HEADING = "## A five-minute tour";
const START = "npm start &";
/** Stands between the outputs of two steps; no program writes it. */
const SEPARATOR = "\u001e";
const TOUR_MS_MAX = 120_000;

type Step = { readonly line: string; readonly expected: string | undefined };

/** The steps of the first block of shell lines below the heading. */
function readTour(readme: string): Step[] {
  const [, section = ""] = readme.split(`${HEADING}\n`);
  const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  const lines = block.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [command = "", expected] = line.split(/\s+# → /);
    return { line: command, expected };
  });
}

/** Runs the steps in one shell, as somebody who pastes them; gives what each wrote and its exit code. */
async function runSteps(steps: readonly Step[], millrace: Millrace) {
  const directory = mkdtempSync(join(tmpdir(), "millrace-tour-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  // The tour is made in a clone, where npx finds the command line; it leaves files, which a clone should not get.
  symlinkSync(join(CHECKOUT, "node_modules"), join(directory, "node_modules"));
  const script = steps.map(({ line }) => `${line}\nprintf '\\036%s\\036' $?`).join("\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", `exec 2>&1\n${script}`], {
    cwd: directory,
    env: environment({
      PATH: [join(CHECKOUT, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
      MILLRACE_PORT: new URL(millrace.url).port,
      MILLRACE_ADMIN_PORT: new URL(millrace.adminUrl).port,
      MILLRACE_DATA_DIR: millrace.dataDirectory,
      MILLRACE_URL: millrace.url,
    }),
    timeout: TOUR_MS_MAX,
  });
  const parts = stdout.split(SEPARATOR);
  // Columns are as wide as their values, which a reader overlooks.
  const outputs = parts.map((part) => part.replaceAll(/[ \t]+/g, " "));
  return steps.map((step, i) => ({ ...step, output: outputs[2 * i] ?? "", exitCode: outputs[2 * i + 1] }));
}

describe("the readme", () => {
  it("has a tour whose every line does what it says", async () => {
    const tour = readTour(readFileSync(join(CHECKOUT, "README.md"), "utf8"));
    expect(tour[0]?.line).toBe(START);
    const millrace = await startMillrace();
    const ran = await runSteps(tour.slice(1), millrace);
    for (const { line, expected, output, exitCode } of ran) {
      expect({ line, output, exitCode }).toEqual({
        line,
        output: expected === undefined ? expect.any(String) : expect.stringContaining(expected),
        exitCode: "0",
      });
    }
    expect(ran.filter(({ expected }) => expected !== undefined).length).toBeGreaterThan(5);
  });
});
