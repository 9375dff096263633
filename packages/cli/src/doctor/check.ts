/** How a check came out: `problem` keeps something from working, `warning` may. */
export type Level = "ok" | "warning" | "problem";

/** One thing that was looked at. */
export type Check = {
  /** What was looked at, in a word, such as "clock". */
  readonly name: string;
  readonly level: Level;
  /** What was found. */
  readonly text: string;
  /** What to do about it; undefined where nothing is to be done. */
  readonly advice?: string;
};

/** Nothing is wrong. */
export function ok(name: string, text: string): Check {
  return { name, level: "ok", text };
}

/** Something may go wrong. */
export function warning(name: string, text: string, advice: string): Check {
  return { name, level: "warning", text, advice };
}

/** Something does not work. */
export function problem(name: string, text: string, advice: string): Check {
  return { name, level: "problem", text, advice };
}
