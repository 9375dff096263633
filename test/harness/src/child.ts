import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** How a process ended: by an exit code, or by a signal. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** What a process runs in. */
export type ChildOptions = { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> };

const OUTPUT_CHARACTERS_MAX = 4_000_000;

/** After so long what a process has compiled is kept for the next one: most servers of tests end too suddenly to do it. */
const COMPILED_AFTER_MS = 1_500;

/** Ends the process when whoever started it is gone, however that ended: its standard input closes then. */
const LEASH = `data:text/javascript,${encodeURIComponent(
  `process.stdin.on('close', () => process.exit(86)).resume().unref();
  setTimeout(process.getBuiltinModule('module').flushCompileCache, ${COMPILED_AFTER_MS}).unref();`,
)}`;

const running = new Set<Child>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A Node program that runs beside the test, with all that it wrote. */
export class Child {
  /** Resolves when the process is gone and its output is complete. */
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #ended: Exit | undefined;

  /** Starts `node script ...args` with the Node that runs the test. */
  constructor(script: string, args: readonly string[], { cwd, env }: ChildOptions) {
    const child = spawn(process.execPath, ["--import", LEASH, script, ...args], {
      cwd,
      env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
    running.add(this);
    this.exit = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        running.delete(this);
        this.#ended = { code, signal };
        resolve(this.#ended);
      });
    });
    // Whoever is interested awaits it.
    this.exit.catch(() => running.delete(this));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended; undefined while it runs. */
  get ended(): Exit | undefined {
    return this.#ended;
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
