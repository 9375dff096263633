/** The image as it was built. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { expect, it } from "vitest";
import { withImage } from "./src/archive.ts";
import { GIVEN } from "./src/given.ts";

const MEGABYTE = 1_000_000;
const archive = GIVEN.archive();
const manifest = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8"));

it.runIf(archive !== undefined)("is small, has no shell, no tests and no tools, and says what it is", async () => {
  await withImage(archive!, async ({ bytes, config, paths, read }) => {
    expect(bytes).toBeLessThan(300 * MEGABYTE);
    expect(config.User).toBe("65532:65532");
    expect(config.Entrypoint).toEqual(["/usr/local/bin/node"]);
    expect(config.Env).toContain("NODE_OPTIONS=--max-old-space-size-percentage=60");
    expect(config.Labels).toMatchObject({
      "org.opencontainers.image.version": manifest.version,
      "org.opencontainers.image.revision": expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const programs = /(^|\/)s?bin\/(sh|bash|dash|busybox|apt|dpkg|npm)$/;
    const sources = /^millrace\/(test\/|(packages|services)\/.*\.test\.tsx?$)/;
    const packages = /\/node_modules\/(vitest|typescript|playwright-core|@biomejs)\//;
    const unwanted = [programs, sources, packages];
    expect(paths.filter((path) => unwanted.some((pattern) => pattern.test(path)))).toEqual([]);
    const { bomFormat, components } = JSON.parse(await read("millrace/sbom.cdx.json"));
    const names: string[] = components.map(({ name }: { name: string }) => name);
    expect(bomFormat).toBe("CycloneDX");
    expect(names).toEqual(
      expect.arrayContaining(
        ["connect-node", "kafkajs", "cassandra-driver", "ioredis"].map((name) => expect.stringContaining(name)),
      ),
    );
    expect(names.filter((name) => /vitest|playwright|typescript|biome/.test(name))).toEqual([]);
    process.stdout.write(
      `  the image: ${(bytes / MEGABYTE).toFixed(0)} MB, ${components.length} components in its list\n`,
    );
  });
});
