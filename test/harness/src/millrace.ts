import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT, environment, requireNode } from "./checkout.ts";
import { Child, type Exit } from "./child.ts";
import { Installation } from "./installation.ts";
import { until } from "./until.ts";

/** How a process is started. */
export type MillraceOptions = {
  /** Settings; the ports are the system's choice and coarse tiers are flushed quickly unless these say otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the data lie. Absent: a new directory, removed at the end. */
  readonly dataDirectory?: string;
};

const MAIN = join(CHECKOUT, "services/all-in-one/src/main.ts");
const READY_WITHIN_MS = 30_000;

/**
 * Starts every service in one process, as `npm start` does, and waits until it is ready. The caller disposes of it. With
 * MILLRACE_TEST_TARGET=mesh it is a mesh of processes instead, which can all that a test asks of either.
 */
export async function launchMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  requireNode();
  if (process.env["MILLRACE_TEST_TARGET"] === "mesh") {
    const { launchMeshAsMillrace } = await import("./mesh/mesh-as-millrace.ts");
    return launchMeshAsMillrace(options);
  }
  const millrace = new Millrace(options);
  try {
    await millrace.start();
  } catch (error) {
    await millrace.dispose();
    throw error;
  }
  return millrace;
}

/** A running Millrace and its data directory, over restarts. */
export class Millrace extends Installation {
  readonly #isOwnDirectory: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #earlier: string[] = [];
  #child: Child | undefined;

  constructor({ env = {}, dataDirectory }: MillraceOptions) {
    super(dataDirectory ?? mkdtempSync(join(tmpdir(), "millrace-")));
    this.#isOwnDirectory = dataDirectory === undefined;
    this.#env = {
      MILLRACE_PORT: "0",
      MILLRACE_ADMIN_PORT: "0",
      MILLRACE_COARSE_FLUSH_PERCENT: "1",
      MILLRACE_DATA_DIR: this.dataDirectory,
      ...env,
    };
  }

  /** Starts the process, and waits until it is ready. Fails with what it wrote when it ends before that. */
  async start(): Promise<void> {
    const child = new Child(MAIN, [], { cwd: this.dataDirectory, env: environment(this.#env) });
    this.#child = child;
    await until(
      "the server is ready",
      async () => {
        if (child.ended !== undefined) return true;
        return this.#match(/Health and metrics/) && (await fetch(`${this.adminUrl}/readyz`)).ok;
      },
      { withinMs: READY_WITHIN_MS },
    );
    if (child.ended !== undefined) throw new Error(`the server ended before it was ready:\n${this.output}`);
  }

  /** Where the public port is, such as "http://127.0.0.1:40321". Another after a restart. */
  override get url(): string {
    return this.#match(/Millrace is ready at (\S+)/)!;
  }

  /** What opens the page, once. Another after a restart. */
  get loginUrl(): string {
    return this.#match(/Open +(\S+)/)!;
  }

  /** Where the admin port is. */
  get adminUrl(): string {
    return this.#match(/Health and metrics +(\S+)\/readyz/)!;
  }

  /** Everything that it wrote, restarts included. */
  get output(): string {
    return [...this.#earlier, this.#written()].join("\n── restarted\n");
  }

  /** How the process has ended; undefined while it runs. */
  get ended(): Exit | undefined {
    return this.#running.ended;
  }

  /** Resolves when the process is gone. */
  get exit(): Promise<Exit> {
    return this.#running.exit;
  }

  /** The metrics of the admin port, as text. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.adminUrl}/metrics`)).text();
  }

  /** The memory that the process holds (resident set), in bytes. */
  async rssBytes(): Promise<number> {
    const [, value] = /^process_memory_usage\S* ([\d.e+]+)/m.exec(await this.metrics()) ?? [];
    if (value === undefined) throw new Error("the metrics do not tell the memory");
    return Number(value);
  }

  /** Ends the process without any warning, and waits until it is gone. */
  async kill9(): Promise<void> {
    this.signal("SIGKILL");
    await this.exit;
  }

  /** Asks the process to end, and waits until it is gone. */
  terminate(): Promise<Exit> {
    this.signal("SIGTERM");
    return this.exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.#running.kill(signal);
  }

  /** Starts anew on the same data, once the process is gone; ends it without warning where it still runs. */
  async restart(): Promise<void> {
    if (this.ended === undefined) await this.kill9();
    this.#earlier.push(this.#written());
    await this.start();
  }

  /** Ends the process and removes the data directory, unless it was given. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#child !== undefined && this.#child.ended === undefined) await this.kill9();
    if (this.#isOwnDirectory) rmSync(this.dataDirectory, { recursive: true, force: true });
  }

  get #running(): Child {
    if (this.#child === undefined) throw new Error("the server was not started");
    return this.#child;
  }

  #match(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.#running.stdout);
    return found?.[1] ?? found?.[0];
  }

  #written(): string {
    return this.#child === undefined ? "" : `${this.#child.stdout}${this.#child.stderr}`;
  }
}
