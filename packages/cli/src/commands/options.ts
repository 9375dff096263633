import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { Connection, type GlobalOptions } from "../connection.ts";

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Splits an option such as A,B,C. */
export function list(value: string, before: readonly string[] = []): readonly string[] {
  const some = value.split(",").map((each) => each.trim());
  return [...before, ...some.filter((each) => each !== "")];
}

/** A whole number of at least 0. */
export function whole(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** The connection that a command's options name. */
export function connectionOf(command: Command): Connection {
  return new Connection(command.optsWithGlobals<GlobalOptions>());
}
