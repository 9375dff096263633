import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { CHECKOUT, environment, requireNode } from "./checkout.ts";
import { Child, type Exit } from "./child.ts";
import { runCli } from "./cli.ts";
import { isEverythingCounted } from "./counted.ts";
import { type Patience, until } from "./until.ts";

/** How a process is started. */
export type MillraceOptions = {
  /** Settings; the ports are the system's choice and coarse tiers are flushed quickly unless these say otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the data lie. Absent: a new directory, removed at the end. */
  readonly dataDirectory?: string;
};

/** The keys that a data directory holds. */
export type Keys = {
  readonly url: string;
  readonly adminKey: string;
  readonly projectKeys: Readonly<Record<string, string>>;
  readonly importKeys?: Readonly<Record<string, string>>;
};

/** Which protocol a client speaks. */
export type Protocol = "grpc" | "connect";

const MAIN = join(CHECKOUT, "services/all-in-one/src/main.ts");
const READY_WITHIN_MS = 30_000;

/** Starts every service in one process, as `npm start` does, and waits until it is ready. The caller disposes of it. */
export async function launchMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  requireNode();
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
export class Millrace {
  readonly dataDirectory: string;
  readonly #isOwnDirectory: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #earlier: string[] = [];
  #child: Child | undefined;

  constructor({ env = {}, dataDirectory }: MillraceOptions) {
    this.#isOwnDirectory = dataDirectory === undefined;
    this.dataDirectory = dataDirectory ?? mkdtempSync(join(tmpdir(), "millrace-"));
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
  get url(): string {
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

  /** The keys, as they are in the data directory now. */
  get keys(): Keys {
    return JSON.parse(readFileSync(join(this.dataDirectory, "credentials.json"), "utf8"));
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

  /** A client with a key; without one, the administrator's. Not to be kept over a restart. */
  client<Service extends DescService>(service: Service, key?: string, protocol: Protocol = "grpc"): Client<Service> {
    const authorization = `Bearer ${key ?? this.keys.adminKey}`;
    const authorize: Interceptor = (next) => (request) => {
      request.header.set("authorization", authorization);
      return next(request);
    };
    const options = { baseUrl: this.url, interceptors: [authorize] };
    const transport =
      protocol === "grpc" ? createGrpcTransport(options) : createConnectTransport({ ...options, httpVersion: "2" });
    return createClient(service, transport);
  }

  /** Runs the command line against this server, in its data directory. */
  cli(...args: string[]) {
    // The settings of whoever runs the tests are not theirs.
    const env = environment({
      MILLRACE_DATA_DIR: this.dataDirectory,
      XDG_CONFIG_HOME: join(this.dataDirectory, "config"),
    });
    return runCli(args, { cwd: this.dataDirectory, env });
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

  /** The balance sheet and the partitions of a project. */
  status(projectId: string) {
    return this.client(StatusService).getStatus({ projectId });
  }

  /**
   * Waits until a project's accounts hold at least `count` events and all of them are stored in every tier; gives the
   * balance sheet.
   */
  untilCounted(projectId: string, count: number, patience?: Patience) {
    const client = this.client(StatusService);
    let last: unknown;
    return until(
      `${count} events of ${projectId} are counted`,
      async () => {
        const status = await client.getStatus({ projectId });
        last = status.balance;
        return isEverythingCounted(status, count) ? status.balance : undefined;
      },
      { withinMs: 60_000, ...patience },
    ).catch((error: Error) => {
      const seen = JSON.stringify(last, (_, value) => (typeof value === "bigint" ? String(value) : value));
      throw new Error(`${error.message}; at last: ${seen}`, { cause: error.cause });
    });
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
