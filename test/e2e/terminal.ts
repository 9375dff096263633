import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const RUNNER = join(import.meta.dirname, "run-in-terminal.py");
const FRAME = "\u001b[?2026h\u001b[H";
const WRITTEN_CHARACTERS_MAX = 4_000_000;

/** How a program in a terminal ended, and whether the terminal's modes are what they were. */
export type TerminalEnd = { readonly code?: number; readonly signal?: number; readonly areModesKept: boolean };

/** A program that runs in a terminal of its own: it sees a terminal, and somebody who types. Needs Python 3. */
export class Terminal {
  /** Resolves when the program is gone. */
  readonly end: Promise<TerminalEnd>;
  readonly #process: ChildProcessWithoutNullStreams;
  #written = "";

  constructor(
    command: readonly string[],
    options: { readonly columns: number; readonly rows: number; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  ) {
    const { columns, rows, cwd, env } = options;
    const child = spawn("python3", [RUNNER, String(columns), String(rows), ...command], { cwd, env });
    this.#process = child;
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#written = (this.#written + text).slice(-WRITTEN_CHARACTERS_MAX);
    });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
    this.end = once(child, "close").then(() => endOf(told));
    // Whoever is interested awaits it.
    this.end.catch(() => {});
  }

  /** All that was written, control characters included. */
  get written(): string {
    return this.#written;
  }

  /** The lines of the last frame that was drawn whole, without control characters. */
  get frame(): readonly string[] {
    const frames = this.#written.split(FRAME).slice(1);
    const whole = frames.findLast((frame) => frame.includes("\u001b[?2026l")) ?? "";
    // The terminal makes a return of its own of each end of a line.
    return stripVTControlCharacters(whole).split(/\r+\n/);
  }

  /** Whether the cursor is shown, lines wrap, and what stood there before is back: by the last of what was written. */
  get isTidy(): boolean {
    const last = (mode: string) => this.#written.slice(this.#written.lastIndexOf(mode) + mode.length)[0];
    const isOn = (mode: string, usual: "h" | "l") => !this.#written.includes(mode) || last(mode) === usual;
    return isOn("\u001b[?25", "h") && isOn("\u001b[?7", "h") && isOn("\u001b[?1049", "l");
  }

  type(text: string): void {
    this.#tell({ type: text });
  }

  resize(columns: number, rows: number): void {
    this.#tell({ resize: [columns, rows] });
  }

  signal(name: NodeJS.Signals): void {
    this.#tell({ signal: constants.signals[name] });
  }

  /** Ends the program without any warning. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    // How it ends is told to whoever awaits the end.
    await this.end.catch(() => {});
  }

  #tell(command: object): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
  }
}

function endOf(told: string): TerminalEnd {
  if (!told.startsWith("{")) throw new Error(`python3, which these tests need, said:\n${told}`);
  const { before, after, ...how } = JSON.parse(told);
  return { ...how, areModesKept: JSON.stringify(before) === JSON.stringify(after) };
}
