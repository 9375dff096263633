import { expect, it } from "vitest";
import { rollUnderLoad } from "./trial.ts";

/** Some 20 minutes on a busy machine. */
const PATIENCE_MS = 2_400_000;

it("20 rolling restarts lose nothing, double nothing, and fail no call that is repeated", {
  timeout: PATIENCE_MS,
}, async () => {
  expect.hasAssertions();
  await rollUnderLoad(20);
});
