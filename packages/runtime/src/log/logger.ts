import { createRequire } from "node:module";
import { type DestinationStream, type Logger, pino } from "pino";
import type pinoPretty from "pino-pretty";

export type { Logger } from "pino";

const require = createRequire(import.meta.url);

/** How much a log tells, from most to least. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** One of the levels. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How to log. */
export type LoggerOptions = {
  readonly service: string;
  readonly level?: LogLevel;
  /** Lines for people instead of JSON; by default when standard output is a terminal. */
  readonly pretty?: boolean;
  /** Where lines go; by default to standard output. */
  readonly destination?: DestinationStream;
};

const SECRETS = ["authorization", "cookie", "secret", "password", "token", "apiKey", "credential", '["x-api-key"]'];

/**
 * The process's logger. Lines are written at once, so that the last ones are there after a crash. Whatever is logged
 * under a name that secrets have (at the top, or one or two levels down) is replaced by "(secret)".
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    name: options.service,
    level: options.level ?? "info",
    redact: {
      paths: SECRETS.flatMap((name) => [
        name,
        `*${name.startsWith("[") ? "" : "."}${name}`,
        `*.*${name.startsWith("[") ? "" : "."}${name}`,
      ]),
      censor: "(secret)",
    },
  };
  return pino(settings, destinationFor(options));
}

function destinationFor(options: LoggerOptions): DestinationStream {
  const isPretty = options.pretty ?? process.stdout.isTTY === true;
  if (!isPretty) return options.destination ?? pino.destination({ dest: 1, sync: true });
  // Most processes write to no terminal, and need not load it.
  const pretty = require("pino-pretty") as typeof pinoPretty;
  return pretty({
    sync: true,
    destination: options.destination === undefined ? 1 : writableOf(options.destination),
    colorize: options.destination === undefined,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
    singleLine: true,
  });
}

function writableOf(destination: DestinationStream): NodeJS.WritableStream {
  return destination as unknown as NodeJS.WritableStream;
}
