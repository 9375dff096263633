import { join } from "node:path";
import { environment } from "../checkout.ts";
import { Child, type Exit } from "../child.ts";
import { until } from "../until.ts";

/** The services that run as processes of their own. */
export const SERVICES = ["config", "ingest", "processing", "reporting", "dashboard"] as const;

/** One of them. */
export type ServiceName = (typeof SERVICES)[number];

/** How a process of the mesh is started, each time. */
export type MeshProcessOptions = {
  readonly service: ServiceName;
  /** From 1, among those of the service. */
  readonly number: number;
  readonly port: number;
  readonly adminPort: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The checkout that it runs from. */
  readonly checkout: string;
};

/** Whoever asks more often takes from those who start. */
const READY = { withinMs: 120_000, everyMs: 100 };

/** One service's process, over restarts: its ports stay as they are. */
export class MeshProcess {
  /** Such as "ingest-1". */
  readonly name: string;
  readonly service: ServiceName;
  readonly url: string;
  readonly adminUrl: string;
  readonly #options: MeshProcessOptions;
  readonly #earlier: string[] = [];
  #child: Child | undefined;
  #checkout: string;

  constructor(options: MeshProcessOptions) {
    this.#options = options;
    this.#checkout = options.checkout;
    this.name = `${options.service}-${options.number}`;
    this.service = options.service;
    this.url = `http://127.0.0.1:${options.port}`;
    this.adminUrl = `http://127.0.0.1:${options.adminPort}`;
  }

  /** Runs another checkout, such as another release, from its next start on. */
  install(checkout: string): void {
    this.#checkout = checkout;
  }

  /** Starts the process; it is not ready yet. Does nothing where it runs. */
  spawn(): void {
    if (this.#child !== undefined && this.#child.ended === undefined) return;
    if (this.#child !== undefined) this.#earlier.push(this.#written());
    const { service, port, adminPort, cwd, env } = this.#options;
    const ports = { MILLRACE_PORT: String(port), MILLRACE_ADMIN_PORT: String(adminPort) };
    const main = join(this.#checkout, `services/${service}/src/main.ts`);
    this.#child = new Child(main, [], { cwd, env: environment({ ...env, ...ports }) });
  }

  /** Resolves when the process says that it is ready. Fails with what it wrote when it ends before that. */
  async ready(): Promise<void> {
    const child = this.#running;
    const isReady = async () => {
      if (child.ended !== undefined) return true;
      return (await fetch(`${this.adminUrl}/readyz`)).ok;
    };
    await until(`${this.name} is ready`, isReady, READY).catch((error: Error) => {
      throw new Error(`${error.message}; it wrote:\n${this.output.slice(-10_000)}`, { cause: error.cause });
    });
    if (child.ended !== undefined)
      throw new Error(`${this.name} ended (${JSON.stringify(child.ended)}) before it was ready:\n${this.output}`);
  }

  get pid(): number {
    return this.#running.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.ended === undefined;
  }

  /** How it has ended; undefined while it runs. */
  get ended(): Exit | undefined {
    return this.#child?.ended;
  }

  /** Everything that it wrote, restarts included. */
  get output(): string {
    return [...this.#earlier, this.#written()].join("\n── restarted\n");
  }

  signal(signal: NodeJS.Signals): void {
    this.#running.kill(signal);
  }

  /** Sends a signal that ends it, also where it is stopped, and waits until it is gone. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<Exit> {
    const child = this.#running;
    child.kill(signal);
    return child.exit;
  }

  /** The metrics of its admin port, as text. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.adminUrl}/metrics`)).text();
  }

  get #running(): Child {
    if (this.#child === undefined) throw new Error(`${this.name} was not started`);
    return this.#child;
  }

  #written(): string {
    return this.#child === undefined ? "" : `${this.#child.stdout}${this.#child.stderr}`;
  }
}
