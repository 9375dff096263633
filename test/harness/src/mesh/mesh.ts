import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SessionService } from "@millrace/api/millrace/dashboard/v1/session_service_pb";
import { CREDENTIALS_FILE, createApiKey, writeCredentials } from "@millrace/credential";
import { CHECKOUT, requireNode } from "../checkout.ts";
import type { Exit } from "../child.ts";
import { clientAt, Installation, type Protocol } from "../installation.ts";
import { lastingPorts } from "../ports/lasting-ports.ts";
import { MeshProcess, SERVICES, type ServiceName } from "./mesh-process.ts";
import { type MeshPlace, type MeshServers, makePlace, meshServers } from "./mesh-servers.ts";

/** How a mesh is started. */
export type MeshOptions = {
  /** How many of each service; two unless it says otherwise. */
  readonly counts?: Partial<Record<ServiceName, number>>;
  /** Settings of every process. Coarse tiers are flushed quickly unless these say otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of the processes of a service, or of one by its name such as "ingest-1": over those of every process. */
  readonly envOf?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Checkouts of other releases that processes run from: by service, or by name such as "ingest-1". */
  readonly checkoutOf?: Readonly<Record<string, string>>;
  /** A checkout of an earlier release, by which topics and tables are made before those of today are added. */
  readonly firstMigratedBy?: string;
  /** Servers instead of those of the run: others, or proxies in front of them. */
  readonly servers?: Partial<MeshServers>;
  /** Partitions of the topic of events; 4 by default. */
  readonly partitions?: number;
  /** Where the credentials lie. Absent: a new directory, removed at the end. */
  readonly dataDirectory?: string;
};

const DEFAULT_PARTITIONS = 4;
const DEMO = "demo";

/**
 * Starts every service as processes of their own, two of each, on real servers, and waits until they are ready. There is
 * a project `demo`, and its keys and the administrator's are in the data directory. The caller disposes of it.
 */
export async function launchMesh(options: MeshOptions = {}): Promise<Mesh> {
  requireNode();
  const servers = await meshServers(options.servers);
  const place = await makePlace(servers, options.partitions ?? DEFAULT_PARTITIONS, options.firstMigratedBy);
  const mesh = new Mesh(options, place, await lastingPorts(2 * countOf(options)));
  try {
    await mesh.start();
    await mesh.ensureDemo();
  } catch (error) {
    await mesh.dispose();
    throw error;
  }
  return mesh;
}

/** All services as processes. A process is named by its service and a number from 1, such as "ingest-1". */
export class Mesh extends Installation {
  readonly processes: ReadonlyMap<string, MeshProcess>;
  readonly #isOwnDirectory: boolean;
  readonly #place: MeshPlace;
  readonly #adminKey: string;
  #loginUrl = "";

  /** @private Use {@link launchMesh}. */
  constructor(options: MeshOptions, place: MeshPlace, ports: readonly number[]) {
    super(options.dataDirectory ?? mkdtempSync(join(tmpdir(), "millrace-mesh-")));
    this.#isOwnDirectory = options.dataDirectory === undefined;
    mkdirSync(this.dataDirectory, { recursive: true, mode: 0o700 });
    this.#place = place;
    this.#adminKey = createApiKey(randomBytes).text;
    this.processes = new Map(this.#plan(options, ports).map((process) => [process.name, process]));
  }

  /** The first dashboard: it forwards everything to the services. */
  override get url(): string {
    return this.process("dashboard-1").url;
  }

  /** The admin port of the first dashboard. */
  get adminUrl(): string {
    return this.process("dashboard-1").adminUrl;
  }

  /** The variables that say where it is in its servers: its topics, its keyspace, its keys. */
  get place(): Readonly<Record<string, string>> {
    return this.#place.env;
  }

  /** Everything that the processes wrote, one after the other. */
  get output(): string {
    return [...this.processes.values()].map(({ name, output }) => `── ${name}\n${output}`).join("\n");
  }

  /** One process. */
  process(name: string): MeshProcess {
    const found = this.processes.get(name);
    if (found === undefined) throw new Error(`there is no ${name}, only ${[...this.processes.keys()].join(", ")}`);
    return found;
  }

  /** The processes of a service. */
  processesOf(service: ServiceName): MeshProcess[] {
    return [...this.processes.values()].filter((process) => process.service === service);
  }

  /** Starts what does not run, and waits until all are ready. */
  async start(): Promise<void> {
    const all = [...this.processes.values()];
    for (const process of all) process.spawn();
    await Promise.all(all.map((process) => process.ready()));
  }

  /** Makes the project `demo` with its keys where they are missing, and the file of the command line's credentials. */
  async ensureDemo(): Promise<void> {
    const path = join(this.dataDirectory, CREDENTIALS_FILE);
    const adminKey = this.#adminKey;
    const { url } = this;
    writeCredentials(path, { url, adminKey, projectKeys: {} });
    await this.client(ProjectService).createProject({
      project: { projectId: DEMO, displayName: "Demo", template: Template.WEB },
    });
    const created = await this.client(ApiKeyService).createApiKey({
      apiKey: { projectId: DEMO, displayName: "Demo", scopes: [Scope.INGEST, Scope.REPORT] },
    });
    writeCredentials(path, { url, adminKey, projectKeys: { [DEMO]: created.text } });
    this.#loginUrl = await this.createLoginUrl();
  }

  /** A new link that opens the page, once. */
  async createLoginUrl(): Promise<string> {
    const { path } = await this.client(SessionService).createLoginToken({});
    return `${this.url}${path}`;
  }

  /** As `client`, at one process and not through the front. */
  clientOf<Service extends DescService>(
    name: string,
    service: Service,
    key?: string,
    protocol?: Protocol,
  ): Client<Service> {
    return clientAt(this.process(name).url, service, key ?? this.keys.adminKey, protocol);
  }

  /** Ends a process without any warning, or all of them at once, and waits until it is gone. */
  async kill9(name?: string): Promise<void> {
    await Promise.all(this.#named(name).map((process) => process.end("SIGKILL")));
  }

  /** Asks a process to end, or all of them, the front first; waits until it is gone, and gives how the first ended that was not well. */
  async terminate(name?: string): Promise<Exit> {
    let last: Exit = { code: 0, signal: null };
    for (const process of this.#named(name).toReversed()) {
      const exit = await process.end("SIGTERM");
      if (exit.code !== 0) last = exit;
    }
    return last;
  }

  /** Makes a process stand still (SIGSTOP), as one that is swapped out. */
  freeze(name: string): void {
    this.process(name).signal("SIGSTOP");
  }

  /** Lets it go on (SIGCONT). */
  thaw(name: string): void {
    this.process(name).signal("SIGCONT");
  }

  /** Starts a process anew, or all of them, and waits until it is ready; ends it without warning where it still runs. */
  async restart(name?: string): Promise<void> {
    const named = this.#named(name);
    await Promise.all(named.filter(({ ended }) => ended === undefined).map((process) => process.end("SIGKILL")));
    for (const process of named) process.spawn();
    await Promise.all(named.map((process) => process.ready()));
    if (name === undefined) this.#loginUrl = await this.createLoginUrl();
  }

  /** What opens the page, once; made when the mesh was started, or restarted as a whole. */
  get loginUrl(): string {
    return this.#loginUrl;
  }

  /** The memory that all processes hold (resident sets), in bytes. */
  async rssBytes(): Promise<number> {
    const found = [...(await this.metrics()).matchAll(/^process_memory_usage\S* ([\d.e+]+)/gm)];
    return found.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  }

  #named(name: string | undefined): MeshProcess[] {
    return name === undefined ? [...this.processes.values()] : [this.process(name)];
  }

  /** The metrics of all processes, as text. */
  async metrics(): Promise<string> {
    const texts = await Promise.all([...this.processes.values()].map((process) => process.metrics()));
    return texts.join("\n");
  }

  /** Ends all processes, and removes what was made for them. Idempotent. */
  async dispose(): Promise<void> {
    const running = [...this.processes.values()].filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((process) => process.end("SIGKILL").catch(() => {})));
    await this.#place.remove();
    if (this.#isOwnDirectory) rmSync(this.dataDirectory, { recursive: true, force: true });
  }

  #plan(options: MeshOptions, ports: readonly number[]): MeshProcess[] {
    const free = [...ports];
    const planned = SERVICES.flatMap((service) =>
      Array.from({ length: options.counts?.[service] ?? 2 }, (_, index) => {
        return { service, number: index + 1, port: free.pop()!, adminPort: free.pop()! };
      }),
    );
    const urlsOf = (service: ServiceName) =>
      planned.flatMap((each) => (each.service === service ? `http://127.0.0.1:${each.port}` : [])).join(",");
    const env = {
      ...this.#place.env,
      MILLRACE_SERVICE_KEY: `mlr_service_${randomBytes(24).toString("hex")}`,
      MILLRACE_COARSE_FLUSH_PERCENT: "1",
      ...options.env,
    };
    const own: Record<ServiceName, Record<string, string>> = {
      config: { MILLRACE_ADMIN_KEY: this.#adminKey },
      // Events come through the dashboard, which says whose they are.
      ingest: { MILLRACE_CONFIG_URL: urlsOf("config"), MILLRACE_TRUSTED_PROXIES: "1" },
      processing: { MILLRACE_CONFIG_URL: urlsOf("config"), MILLRACE_PROCESSING_URL: urlsOf("processing") },
      reporting: { MILLRACE_CONFIG_URL: urlsOf("config") },
      dashboard: {
        MILLRACE_INGEST_URL: urlsOf("ingest"),
        MILLRACE_CONFIG_URL: urlsOf("config"),
        MILLRACE_REPORTING_URL: urlsOf("reporting"),
        MILLRACE_PROCESSING_URL: urlsOf("processing"),
      },
    };
    return planned.map(({ service, number, ...listening }) => {
      const more = { ...options.envOf?.[service], ...options.envOf?.[`${service}-${number}`] };
      const all = { ...env, ...own[service], ...more };
      const { checkoutOf = {} } = options;
      const checkout = checkoutOf[`${service}-${number}`] ?? checkoutOf[service] ?? CHECKOUT;
      return new MeshProcess({ service, number, ...listening, cwd: this.dataDirectory, env: all, checkout });
    });
  }
}

function countOf({ counts = {} }: MeshOptions): number {
  return SERVICES.reduce((sum, service) => sum + (counts[service] ?? 2), 0);
}
