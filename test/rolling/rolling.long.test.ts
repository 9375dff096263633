import { expect, it } from "vitest";
import { rollUnderLoad } from "./trial.ts";

it("20 rolling restarts lose nothing, double nothing, and fail no call that is repeated", async () => {
  expect.hasAssertions();
  await rollUnderLoad(20);
});
