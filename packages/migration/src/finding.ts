/**
 * How a thing stands: `done` means that it was made or changed just now, `ok` that it was right before, `warning` that it
 * works and is unsafe, `problem` that services will not start, or not be right, with it.
 */
export type Level = "done" | "ok" | "warning" | "problem";

/** What was found, or done, about one thing. */
export type Finding = {
  /** What it is about, such as "kafka millrace.events". */
  readonly subject: string;
  readonly level: Level;
  /** What is so, for people, without a full stop. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
};
