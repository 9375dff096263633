import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { namesOf } from "./names.ts";

it("nothing that a shell would not read as one word is put on a command line", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-names-"));
  const url = "http://127.0.0.1:1";
  const projectKeys = { shop: "a", "x; touch /tmp/y": "b", "$(id)": "c", "a\nb": "d", "": "e" };
  writeFileSync(join(directory, "credentials.json"), JSON.stringify({ url, projectKeys }));
  vi.stubEnv("MILLRACE_DATA_DIR", directory);
  vi.stubEnv("XDG_CONFIG_HOME", directory);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });
  expect(await namesOf("project", { url })).toEqual([{ value: "shop" }]);
});
