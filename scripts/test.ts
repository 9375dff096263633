/** `npm test`: everything that a change could break. Stops at the first step that fails. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checks, root, run, runStep } from "./step.ts";

// They take minutes to bring where nothing is at hand, mostly of waiting; their tests wait for the rest, and say what failed.
const preparing = spawn(process.execPath, ["test/clients/src/prepare.ts"], { cwd: root, stdio: "ignore" });
preparing.unref();
process.on("exit", () => preparing.kill());

for (const step of checks) runStep(step);
runStep(["unused code", "knip", "--no-config-hints"]);
runStep(["proto lint", "buf", "lint"]);
runStep(["proto format", "buf", "format", "--diff", "--exit-code", "proto"]);
runStep(["proto compatibility", "node", "scripts/breaking.ts"]);
runStep(["browser", "node", "test/harness/src/bring-browser.ts"]);
runStep(["servers of the tests", "node", "test/harness/src/servers/prepare.ts"]);
runStep(["tools of the tests", "node", "test/harness/src/tools/prepare.ts"]);
process.exitCode = runTests();

/** Runs every test; the last line says how many passed, and how many failed. */
function runTests(): number {
  const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
  const report = join(folder, "report.json");
  try {
    console.log("\n── tests");
    const status = run("vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]);
    if (!existsSync(report)) throw new Error(`vitest ended with ${status} before it had counted any test`);
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
    if (numPendingTests > 0) console.log(`${numPendingTests} skipped: the output above says what they need.`);
    if (status !== 0 && numFailedTests === 0) console.log("The run failed outside of a test: see above.");
    console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
    return status;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
