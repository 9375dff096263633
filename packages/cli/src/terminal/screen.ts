import { writeSync } from "node:fs";
import { constants } from "node:os";
import type { ReadStream, WriteStream } from "node:tty";

// Control sequences of xterm, which every terminal of today understands or ignores (invisible-island.net/xterm/ctlseqs).
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?2026l\u001b[?7h\u001b[?25h\u001b[?1049l";
const BEGIN_FRAME = "\u001b[?2026h\u001b[H";
const END_FRAME = "\u001b[?2026l";
const CLEAR_BELOW = "\r\n\u001b[J";
// Before the text: behind it, it would take the last character of a full line with it.
const CLEAR_LINE = "\u001b[K";

const CTRL_C = "\u0003";
const CTRL_Z = "\u001a";
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What the screen tells its user. */
export type ScreenEvents = {
  /** A key was pressed: its character, or its escape sequence. Not Ctrl-C and Ctrl-Z. */
  readonly onKey: (key: string) => void;
  /** The size has changed, or the terminal is ours again after it was not: draw. */
  readonly onResize: () => void;
  /** Ctrl-C. The terminal is tidy already. */
  readonly onInterrupt: () => void;
};

/**
 * The whole terminal, drawn frame by frame on the alternate screen, so that what stood there before comes back. However
 * the process ends (but for SIGKILL), the terminal is left as it was: cursor, wrapping, raw mode and screen.
 */
export class Screen {
  readonly #input: ReadStream;
  readonly #output: WriteStream & { readonly fd: number };
  readonly #events: ScreenEvents;
  #isOpen = false;

  /** @param output a terminal */
  constructor(input: ReadStream, output: WriteStream & { readonly fd: number }, events: ScreenEvents) {
    this.#input = input;
    this.#output = output;
    this.#events = events;
  }

  get width(): number {
    return this.#output.columns || 80;
  }

  get height(): number {
    return this.#output.rows || 24;
  }

  /** Takes the terminal. */
  open(): void {
    this.#take();
    process.on("exit", this.#release);
    // The text of a crash is for the screen that stays.
    process.on("uncaughtExceptionMonitor", this.#release);
    process.on("SIGCONT", this.#continue);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#end);
    this.#output.on("resize", this.#events.onResize);
    this.#input.on("data", this.#key);
    this.#input.resume();
  }

  /** Gives the terminal back. Idempotent. */
  close(): void {
    this.#release();
    process.off("exit", this.#release);
    process.off("uncaughtExceptionMonitor", this.#release);
    process.off("SIGCONT", this.#continue);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#end);
    this.#output.off("resize", this.#events.onResize);
    this.#input.off("data", this.#key);
    this.#input.pause();
  }

  /** Draws a frame: what does not fit is cut off. Nothing happens while the terminal is not ours. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const shown = lines.slice(0, this.height);
    const below = shown.length < this.height ? CLEAR_BELOW : "";
    this.#output.write(`${BEGIN_FRAME}${shown.map((line) => CLEAR_LINE + line).join("\r\n")}${below}${END_FRAME}`);
  }

  #take(): void {
    this.#isOpen = true;
    this.#setRaw(true);
    this.#output.write(ENTER);
  }

  readonly #release = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // At the process's end nothing is written later any more.
    writeNow(this.#output.fd, LEAVE);
    this.#setRaw(false);
  };

  readonly #continue = (): void => {
    if (!this.#isOpen) this.#take();
    this.#events.onResize();
  };

  readonly #end = (signal: (typeof ENDING_SIGNALS)[number]): void => {
    this.#release();
    if (signal === "SIGINT") this.#events.onInterrupt();
    else process.exit(128 + constants.signals[signal]);
  };

  readonly #key = (data: Buffer): void => {
    const key = data.toString("utf8");
    if (key.includes(CTRL_C)) {
      this.#release();
      this.#events.onInterrupt();
    } else if (key === CTRL_Z) {
      this.#release();
      // Not only this process: the shell waits for npx, which waits for us.
      process.kill(0, "SIGTSTP");
    } else this.#events.onKey(key);
  };

  #setRaw(isRaw: boolean): void {
    if (this.#input.isTTY !== true) return;
    try {
      this.#input.setRawMode(isRaw);
    } catch {
      // The terminal is gone (SIGHUP): nobody sees what it looks like.
    }
  }
}

function writeNow(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // As above.
  }
}
