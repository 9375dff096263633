/**
 * Processors join and leave all the time, for minutes: partitions move, each event counts once, and what is counted a second
 * falls to no less than half. `MILLRACE_CHAOS_MS` makes it longer.
 */
import { it } from "vitest";
import { chaosMs } from "./seed.ts";
import { weatherStorm } from "./storm-trial.ts";

const LASTS_MS = chaosMs(180_000);
const CALM_MS = 20_000;
const MOVES = Math.ceil(LASTS_MS / 2_000);

it(
  "every event counts once, while a processor joins or leaves every two seconds, for minutes, and half as fast at least",
  {
    timeout: LASTS_MS * 5 + 600_000,
  },
  () => weatherStorm(CALM_MS, MOVES),
);
