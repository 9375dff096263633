import { roughly } from "../send/pace.ts";
import type { ServerDate } from "./address.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const NAME = "clock";
const WARN_MS = 5_000;
/** Beyond that the server refuses events as coming from the future. */
const FAIL_MS = 300_000;
const SET_IT = "Let the network set it: timedatectl set-ntp true";

/**
 * Compares this computer's clock to the server's.
 *
 * @param date the server's `Date` header, which is cut to the second
 */
export function checkClock(date: ServerDate | undefined): Check {
  if (date === undefined) {
    return warning(NAME, "the server does not say what time it is there", "A proxy may take the Date header away.");
  }
  const { ahead, isAhead } = difference(date);
  if (ahead <= WARN_MS) return ok(NAME, "this computer's clock and the server's agree within 5 s");
  const text = `this computer's clock is ${roughly(ahead)} ${isAhead ? "ahead of" : "behind"} the server's`;
  if (ahead <= FAIL_MS) return warning(NAME, text, SET_IT);
  const consequence = isAhead
    ? "events sent with its time are refused as from the future"
    : "its events count too early";
  return problem(NAME, `${text}: ${consequence}`, `${SET_IT} (or it is the server's that is wrong)`);
}

/** The least difference that explains what was seen. */
function difference({ serverMs, beforeMs, afterMs }: ServerDate): {
  readonly ahead: number;
  readonly isAhead: boolean;
} {
  // The server's clock was somewhere in its second when this one was between the two.
  if (beforeMs > serverMs + 1_000) return { ahead: beforeMs - serverMs - 1_000, isAhead: true };
  if (afterMs < serverMs) return { ahead: serverMs - afterMs, isAhead: false };
  return { ahead: 0, isAhead: false };
}
