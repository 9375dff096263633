import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { endBySignals } from "./first-process.ts";

/** A process with that number, and the exit codes it ended with. */
function processNumbered(pid: number) {
  const codes: number[] = [];
  const exit = (code: number) => codes.push(code);
  const target = Object.assign(new EventEmitter(), { pid, exit });
  endBySignals(target as unknown as NodeJS.Process);
  return { target, codes };
}

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
])("the first process of a container ends at %s, which does nothing to it otherwise", (signal, code) => {
  const { target, codes } = processNumbered(1);
  target.emit(signal);
  expect(codes).toEqual([code]);
});

it("the first process leaves the end to a command that listens itself, while it does", () => {
  const { target, codes } = processNumbered(1);
  const own = () => {};
  target.on("SIGTERM", own);
  target.emit("SIGTERM");
  expect(codes).toEqual([]);
  target.off("SIGTERM", own);
  target.emit("SIGTERM");
  expect(codes).toEqual([143]);
});

it("any other process is ended by the system, so nothing listens", () => {
  expect(processNumbered(7).target.eventNames()).toEqual([]);
});
