import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

describe("the check of Node's version", () => {
  it("passes on Node 24 and later", () => {
    for (const version of ["24.0.0", "26.1.0"]) expect(check(newRoot(), version)).toEqual({ status: 0, stderr: "" });
  });

  it("says what to do on an older Node where no newer one is installed", () => {
    const { status, stderr } = check(newRoot(), "20.20.2");
    expect(status).toBe(1);
    expect(stderr).toContain("Node 24 or later, and this is Node 20.20.2");
    expect(stderr).toContain("run `npm ci`");
  });

  it("links the installed one where npm has left it out, and then passes", () => {
    const root = newRoot();
    const system = process.platform === "win32" ? "win" : process.platform;
    const bin = join(root, "node_modules", `node-${system}-${process.arch}`, "bin");
    mkdirSync(bin, { recursive: true });
    cpSync(process.execPath, join(bin, process.platform === "win32" ? "node.exe" : "node"), { dereference: true });
    for (let round = 0; round < 2; round++) expect(check(root, "20.20.2")).toEqual({ status: 0, stderr: "" });
    const link = join(root, "node_modules/.bin", process.platform === "win32" ? "node.cmd" : "node");
    expect(existsSync(link)).toBe(true);
  });
});

function check(root: string, version: string): { status: number | null; stderr: string } {
  const script = join(import.meta.dirname, "require-node.js");
  const { status, stderr } = spawnSync(process.execPath, [script, root, version], { encoding: "utf8" });
  return { status, stderr };
}

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "millrace-node-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}
