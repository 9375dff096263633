import { expect, it } from "vitest";
import { hintOf } from "./nearest-project.ts";

it.each([
  ["shpo", ["demo", "shop"], 'did you mean "shop"?'],
  ["warehouse", ["demo", "shop"], "projects are demo, shop"],
  ["demo", ["demo"], undefined],
  ["demo", [], undefined],
])("a project %s among %j: %s", (asked, projects, hint) => {
  expect(hintOf(asked, projects)).toBe(hint);
});
