import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readCredentials, writeCredentials } from "./credentials-file.ts";

function file(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-credentials-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "data", "credentials.json");
}

describe("credentials file", () => {
  it("is read as it was written, by its owner alone", () => {
    const path = file();
    const credentials = { url: "http://127.0.0.1:8080", adminKey: "a", projectKeys: { demo: "b" } };
    writeCredentials(path, credentials);
    expect(readCredentials(path)).toEqual(credentials);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is nothing where there is none", () => {
    expect(readCredentials(file())).toBeUndefined();
  });

  it("is refused when it is something else, without showing its text", () => {
    const path = file();
    writeCredentials(path, { url: "x", projectKeys: {} });
    writeFileSync(path, '{"url": 5}');
    expect(() => readCredentials(path)).toThrow("is not a credentials file");
  });
});
