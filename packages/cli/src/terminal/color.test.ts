import { describe, expect, it } from "vitest";
import { forbidColor, painter, wantsColor } from "./color.ts";

const TERMINAL = { isTTY: true };
const PIPE = {};

describe("colours", () => {
  it.each([
    ["terminals have them", TERMINAL, {}, true],
    ["pipes don't", PIPE, {}, false],
    ["NO_COLOR takes them away", TERMINAL, { NO_COLOR: "1" }, false],
    ["an empty NO_COLOR does nothing", TERMINAL, { NO_COLOR: "" }, true],
    ["FORCE_COLOR gives them to pipes", PIPE, { FORCE_COLOR: "1" }, true],
    ["FORCE_COLOR=0 takes them away", TERMINAL, { FORCE_COLOR: "0" }, false],
    ["FORCE_COLOR goes before NO_COLOR", PIPE, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    ["dumb terminals have none", TERMINAL, { TERM: "dumb" }, false],
  ])("%s", (_, stream, environment, expected) => {
    expect(wantsColor(stream, environment)).toBe(expected);
  });

  it("--no-color goes before FORCE_COLOR", () => {
    const environment = { FORCE_COLOR: "1" };
    forbidColor(environment);
    expect(wantsColor(TERMINAL, environment)).toBe(false);
  });

  it("are control characters around the text, or nothing", () => {
    expect(painter(true)("bold", "x")).toBe("\u001b[1mx\u001b[22m");
    expect(painter(false)("bold", "x")).toBe("x");
  });
});
