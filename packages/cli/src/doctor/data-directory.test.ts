import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { accessProblem, checkDataDirectory, freeSpace } from "./data-directory.ts";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("the data directory", () => {
  it("is well when it is its owner's alone", async () => {
    const path = directory();
    writeFileSync(join(path, "credentials.json"), "{}", { mode: 0o600 });
    expect(await checkDataDirectory(path)).toMatchObject([{ level: "ok", name: "data" }]);
  });

  it("may not exist yet", async () => {
    expect(await checkDataDirectory(join(directory(), "none"))).toMatchObject([{ level: "ok" }]);
  });

  it("is a warning when others can look into it, and a problem when they can read the keys", async () => {
    const path = directory();
    const credentials = join(path, "credentials.json");
    writeFileSync(credentials, "{}");
    chmodSync(credentials, 0o644);
    chmodSync(path, 0o755);
    const checks = await checkDataDirectory(path);
    expect(checks.map(({ level }) => level)).toEqual(["ok", "warning", "problem"]);
    expect(checks[1]!.advice).toBe(`chmod 700 ${path}`);
    expect(checks[2]!.text).toContain("(mode 0644)");
  });

  it("is a problem when it is a file, or may not be used", async () => {
    const path = join(directory(), "file");
    writeFileSync(path, "");
    expect(await checkDataDirectory(path)).toMatchObject([{ level: "problem", text: `${path} is not a directory` }]);
    expect(accessProblem(path, { code: "EACCES" })).toMatchObject({
      level: "problem",
      advice: expect.stringContaining("chown"),
    });
  });

  it.each([
    [100e6, "problem"],
    [1e9, "warning"],
    [100e9, "ok"],
  ])("with %i bytes free is %s", (bytes, level) => {
    expect(freeSpace("/data", "1 MB", bytes).level).toBe(level);
  });
});
