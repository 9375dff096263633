import { statSync, utimesSync } from "node:fs";
import { Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureTrackerBuilt, SCRIPT_FILE, trackerScript } from "./script-file.ts";

const BYTES_MAX = 2000;

describe("the script", () => {
  beforeAll(ensureTrackerBuilt);

  it("has less than 2 kB on its way to a visitor", () => {
    const zipped = gzipSync(trackerScript()!, { level: 9 }).length;
    process.stdout.write(`tracker: ${trackerScript()!.length} bytes, ${zipped} with gzip\n`);
    expect(zipped).toBeLessThan(BYTES_MAX);
  });

  it("is one classic script that leaves no names in the page but its own", () => {
    const text = Buffer.from(trackerScript()!).toString("utf8");
    expect(() => new Script(text)).not.toThrow();
    expect(text.startsWith("(function(){")).toBe(true);
  });

  it("is built anew when a source is newer than it, and else left alone", async () => {
    const built = trackerScript();
    utimesSync(SCRIPT_FILE, 1, 1);
    await ensureTrackerBuilt();
    const { mtimeMs } = statSync(SCRIPT_FILE);
    expect(mtimeMs).toBeGreaterThan(1000);
    await ensureTrackerBuilt();
    expect(statSync(SCRIPT_FILE).mtimeMs).toBe(mtimeMs);
    expect(trackerScript()).toEqual(built);
  });
});
