import { type Logger, pino } from "pino";

/** A logger that says nothing, for where none was given. */
export function silentLogger(): Logger {
  return pino({ level: "silent" });
}
