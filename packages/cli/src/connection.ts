import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CREDENTIALS_FILE, type Credentials, readCredentials, writeCredentials } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import { contextsPath, readContexts } from "./context/contexts-file.ts";
import { type GlobalOptions, sameServer, type Target, targetOf } from "./context/target.ts";

export type { GlobalOptions } from "./context/target.ts";

/** What a command needs the server for: keys differ by it. */
export type Purpose = "manage" | "ask" | "send" | "import";

const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;

/** A key, and what to call it. */
export type KnownKey = { readonly label: string; readonly text: string };

const KEYS_MAX = 20;

/** Where the server is, and which keys there are for it. */
export class Connection {
  /** Where the server is, and who says so. */
  readonly target: Target;
  readonly #path: string;
  /** The server that the credentials file is for, when it is not this one. */
  readonly #foreign: string | undefined;
  #credentials: Credentials | undefined;

  constructor(options: GlobalOptions, environment: NodeJS.ProcessEnv = process.env) {
    this.#path = join(environment["MILLRACE_DATA_DIR"] || ".millrace", CREDENTIALS_FILE);
    const kept = readCredentials(this.#path);
    this.target = targetOf(options, environment, { contexts: readContexts(contextsPath(environment)), kept });
    // The keys of one server are never shown to another.
    this.#credentials = kept !== undefined && sameServer(kept.url, this.url) ? kept : undefined;
    this.#foreign = kept !== undefined && this.#credentials === undefined ? kept.url : undefined;
  }

  /** Where the server is. */
  get url(): string {
    return this.target.url;
  }

  /** The file that keys are kept in. */
  get credentialsPath(): string {
    return this.#path;
  }

  /** A client whose calls carry the key for a purpose. */
  client<Service extends DescService>(service: Service, purpose: Purpose): Client<Service> {
    return createClient(service, this.transport(this.keyFor(purpose)));
  }

  /** A client with a given key. */
  transport(key: string): Transport {
    const authorize: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${key}`);
      return next(request);
    };
    // A stream that waits for news finds out by pings that there is nobody any more.
    const pings = { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS };
    const sessionManager = new Sessions(this.url, pings);
    return createConnectTransport({ baseUrl: this.url, httpVersion: "2", interceptors: [authorize], sessionManager });
  }

  /** The project that was named; "" where none was, and the answer is then of all of them or of the key's own. */
  get namedProject(): string {
    return this.target.project ?? "";
  }

  /** The projects that the credentials file has keys of. */
  get knownProjects(): readonly string[] {
    return Object.keys(this.#credentials?.projectKeys ?? {});
  }

  /** The keys that are used with this server, each with where it is from. */
  get knownKeys(): readonly KnownKey[] {
    const { key, keyFrom = "" } = this.target;
    if (key !== undefined) return [{ label: keyFrom, text: key }];
    const { adminKey, projectKeys = {}, importKeys = {} } = this.#credentials ?? {};
    const all = adminKey === undefined ? [] : [{ label: "the administrator's", text: adminKey }];
    for (const [project, text] of Object.entries(projectKeys)) all.push({ label: `${project}'s`, text });
    for (const [project, text] of Object.entries(importKeys)) all.push({ label: `${project}'s for imports`, text });
    return all.slice(0, KEYS_MAX);
  }

  /**
   * The project to name in requests; "" where the key says it. Without --project it is the only one that the
   * credentials know.
   */
  get project(): string {
    if (this.target.project !== undefined) return this.target.project;
    if (this.target.key !== undefined) return "";
    const known = this.knownProjects;
    if (known.length === 1) return known[0]!;
    const which = known.length === 0 ? "none is known here" : `known are ${known.join(", ")}`;
    const message = `name a project with --project or MILLRACE_PROJECT; ${which}`;
    throw new Failure("invalid", "PROJECT_REQUIRED", message);
  }

  /** Whether a key for importing is at hand. */
  get canImport(): boolean {
    return this.target.key !== undefined || this.#credentials?.importKeys?.[this.project] !== undefined;
  }

  /** Whether a key that may manage everything is at hand. */
  get canManage(): boolean {
    return this.target.key !== undefined || this.#credentials?.adminKey !== undefined;
  }

  /** Whether keys can be kept: not where the file has those of another server. */
  get canKeep(): boolean {
    return this.#foreign === undefined;
  }

  /** Keeps keys of a project in the credentials file. */
  keep(projectId: string, keys: { readonly key?: string; readonly importKey?: string }): void {
    const before = this.#credentials ?? { url: this.url, projectKeys: {} };
    const { key, importKey } = keys;
    this.#credentials = {
      ...before,
      projectKeys: { ...before.projectKeys, ...(key !== undefined && { [projectId]: key }) },
      importKeys: { ...before.importKeys, ...(importKey !== undefined && { [projectId]: importKey }) },
    };
    writeCredentials(this.#path, this.#credentials);
  }

  /**
   * The key for a purpose.
   *
   * @throws Failure `unauthenticated` when none is known
   */
  keyFor(purpose: Purpose): string {
    if (this.target.key !== undefined) return this.target.key;
    const known = this.#credentials;
    const key =
      purpose === "send"
        ? known?.projectKeys[this.project]
        : purpose === "import"
          ? known?.importKeys?.[this.project]
          : (known?.adminKey ?? (purpose === "ask" ? known?.projectKeys[this.project] : undefined));
    if (key !== undefined) return key;
    const where = this.#foreign === undefined ? `run where ${this.#path} is` : `${this.#path} is for ${this.#foreign}`;
    const project = purpose === "send" || purpose === "import" ? ` (project ${this.project}, to ${purpose})` : "";
    const message = `no API key for this is known${project}: give one with --key or MILLRACE_KEY, or ${where}`;
    throw new Failure("unauthenticated", "CREDENTIAL_MISSING", message);
  }
}

/** Connections whose end, which they may tell late, is not the process's (connect-es issue 1768). */
class Sessions extends Http2SessionManager {
  override async request(...call: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...call);
    stream.session?.off("error", ignore).on("error", ignore);
    return stream;
  }
}

function ignore(): void {}
