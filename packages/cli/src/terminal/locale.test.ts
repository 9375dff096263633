import { expect, it } from "vitest";
import { showsUnicode } from "./locale.ts";

it.each([
  [{ LANG: "de_DE.UTF-8" }, true],
  [{ LANG: "C.utf8" }, true],
  [{ LANG: "de_DE.UTF-8", LC_ALL: "C" }, false],
  [{ LANG: "C", LC_CTYPE: "en_US.UTF-8" }, true],
  [{ LANG: "de_DE.ISO-8859-1" }, false],
  [{}, true],
  [{ TERM: "linux" }, false],
])("charts are drawn in what the locale can show: %j", (environment, expected) => {
  expect(showsUnicode(environment)).toBe(expected);
});
