import { parseEnvironment } from "@millrace/runtime";
import { describe, expect, it } from "vitest";
import { NO_PROJECT, VARIABLES } from "./config.ts";

describe("MILLRACE_DEMO_PROJECT", () => {
  it("is a project's id, or says that none is wanted", () => {
    const read = (value: string) => parseEnvironment(VARIABLES, { MILLRACE_DEMO_PROJECT: value }).demoProject;
    expect(read("my-site")).toBe("my-site");
    expect(read(NO_PROJECT)).toBe(NO_PROJECT);
    for (const wrong of ["My site", "../x", "__proto__", "x".repeat(64)]) {
      expect(() => read(wrong)).toThrow("it must be a project id");
    }
  });
});
