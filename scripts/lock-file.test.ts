import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

type Locked = {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
};

describe("package-lock.json", () => {
  const path = join(import.meta.dirname, "../package-lock.json");
  const packages: Readonly<Record<string, Locked>> = JSON.parse(readFileSync(path, "utf8")).packages;

  it("has the packages of every platform: npm ci refuses a lock file without them", () => {
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(folder, name)),
    );
    expect(missing).toEqual([]);
  });

  it("names no host that packages came from, so that it is good behind any mirror", () => {
    const hosts = Object.values(packages).flatMap(({ resolved = "" }) => /^https?:\/\/[^/]+/.exec(resolved) ?? []);
    expect(hosts).toEqual([]);
  });

  it("lets no package run code when it is installed, but for those whose code was looked at", () => {
    const scripted = Object.keys(packages).filter((folder) => packages[folder]!.hasInstallScript);
    // Buf checks for the binary of its platform; protobuf.js warns of dependants' version ranges.
    expect(scripted).toEqual(["node_modules/@bufbuild/buf", "node_modules/protobufjs"]);
  });

  it("knows the bytes of every package that is installed, but for tools of other platforms", () => {
    const unknown = Object.entries(packages).filter(
      ([folder, { integrity, link, dev, optional }]) =>
        folder.includes("node_modules/") && integrity === undefined && !link && !(dev && optional),
    );
    expect(unknown.map(([folder]) => folder)).toEqual([]);
  });

  /** Whether a package is found from a folder upwards, as Node looks for it. */
  function isLocked(folder: string, name: string): boolean {
    if (Object.hasOwn(packages, `${folder === "" ? "" : `${folder}/`}node_modules/${name}`)) return true;
    if (folder === "") return false;
    return isLocked(folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/"))), name);
  }
});
