import { expect, test } from "vitest";
import { originOf } from "./origin.ts";

const NOTHING = { isThere: false, mayInstall: false, hasDocker: false };

test.each([
  ["programs of the machine, where they are there", { isThere: true }, "own"],
  ["programs of the machine rather than Docker", { isThere: true, hasDocker: true }, "own"],
  ["programs that root may install, rather than Docker", { mayInstall: true, hasDocker: true }, "own"],
  ["compose.yaml, where there is no program, no right to install it, and Docker", { hasDocker: true }, "compose"],
  ["programs that are missing, which fails with the line to type, where nothing is there", {}, "own"],
] as const)("takes a server from %s", (_, facts, origin) => {
  expect(originOf({ ...NOTHING, ...facts })).toBe(origin);
});
