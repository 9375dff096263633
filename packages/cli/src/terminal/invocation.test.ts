import { describe, expect, it } from "vitest";
import { commandName, typable } from "./invocation.ts";

const NPX = {
  script: "/clone/node_modules/.bin/millrace",
  environment: { npm_command: "exec", PATH: "/clone/node_modules/.bin:/bin" },
};
const GLOBAL = { script: "/usr/local/bin/millrace", environment: { PATH: "/usr/local/bin:/bin" } };
const BY_PATH = { script: "/clone/packages/cli/bin/millrace.js", environment: { PATH: "/bin" } };

describe("what to type next", () => {
  it("is npx millrace, unless the shell finds millrace itself", () => {
    expect(commandName(NPX)).toBe("npx millrace");
    expect(commandName(BY_PATH)).toBe("npx millrace");
    expect(commandName(GLOBAL)).toBe("millrace");
  });

  it("is put into help and hints, once", () => {
    const text = "  millrace query x\n  zcat a | millrace send\nUsage: millrace [options]; npx millrace status";
    expect(typable(text, GLOBAL)).toBe(text);
    expect(typable(text, NPX)).toBe(
      "  npx millrace query x\n  zcat a | npx millrace send\nUsage: npx millrace [options]; npx millrace status",
    );
  });

  it("leaves names alone that only contain it", () => {
    expect(typable("packages/millrace x, @millrace y, .millrace holds", NPX)).toBe(
      "packages/millrace x, @millrace y, .millrace holds",
    );
  });
});
