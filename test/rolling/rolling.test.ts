/** All services are replaced one after the other, as an upgrade does it, while everybody sends and asks. */
import { expect, it } from "vitest";
import { rollUnderLoad } from "./trial.ts";

it("a rolling restart loses nothing, doubles nothing, and fails no call that is repeated", async () => {
  expect.hasAssertions();
  await rollUnderLoad(1);
});
