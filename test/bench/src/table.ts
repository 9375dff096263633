import { availableParallelism, cpus, totalmem } from "node:os";
import { type Figure, isReached } from "./bench.ts";
import type { Report } from "./main.ts";

/** The machine in a line, without its name. */
export function describeMachine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `Node ${process.version}, ${availableParallelism()} cores (${model}), ${gibibytes} GiB of memory`;
}

/** A report as a table for people. */
export function formatTable({ name, about, figures, load, seconds }: Report): string {
  const rows = figures.map((figure) => [figure.what, formatValue(figure), goalOf(figure)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([what, value, goal]) =>
    `  ${what!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${goal}`.trimEnd(),
  );
  const loads = load.map((one) => one.toFixed(1)).join(" → ");
  return [`${name}: ${about} (${seconds.toFixed(0)} s, load ${loads})`, ...lines].join("\n");
}

function formatValue({ value, unit }: Figure): string {
  return `${grouped(value)} ${unit}`.trimEnd();
}

function goalOf(figure: Figure): string {
  const reached = isReached(figure);
  if (figure.goal === undefined || reached === undefined) return "";
  const bound = "atLeast" in figure.goal ? `≥ ${grouped(figure.goal.atLeast)}` : `≤ ${grouped(figure.goal.atMost)}`;
  return `${reached ? "reached" : "MISSED "}  (goal ${bound})`;
}

function grouped(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}
