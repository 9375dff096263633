import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { CREDENTIALS_FILE, type Credentials, readCredentials, writeCredentials } from "@millrace/credential";
import { Failure } from "@millrace/failure";

/** The options that every command has. */
export type GlobalOptions = { readonly url?: string; readonly key?: string; readonly project?: string };

/** What a command needs the server for: keys differ by it. */
export type Purpose = "manage" | "ask" | "send" | "import";

const DEFAULT_URL = "http://127.0.0.1:8080";

/** Where the server is, and which keys there are for it. */
export class Connection {
  readonly url: string;
  readonly #options: GlobalOptions;
  readonly #path: string;
  /** The server that the credentials file is for, when it is not this one. */
  readonly #foreign: string | undefined;
  #credentials: Credentials | undefined;

  constructor(options: GlobalOptions, environment: NodeJS.ProcessEnv = process.env) {
    const given = environment["MILLRACE_KEY"];
    const project = options.project ?? environment["MILLRACE_PROJECT"];
    const key = options.key ?? (given === "" ? undefined : given);
    this.#options = { ...(key !== undefined && { key }), ...(project !== undefined && { project }) };
    this.#path = join(environment["MILLRACE_DATA_DIR"] || ".millrace", CREDENTIALS_FILE);
    const kept = readCredentials(this.#path);
    this.url = withoutSlash(options.url ?? (environment["MILLRACE_URL"] || (kept?.url ?? DEFAULT_URL)));
    // The keys of one server are never shown to another.
    this.#credentials = kept !== undefined && sameServer(kept.url, this.url) ? kept : undefined;
    this.#foreign = kept !== undefined && this.#credentials === undefined ? kept.url : undefined;
  }

  /** The file that keys are kept in. */
  get credentialsPath(): string {
    return this.#path;
  }

  /** A client whose calls carry the key for a purpose. */
  client<Service extends DescService>(service: Service, purpose: Purpose): Client<Service> {
    return createClient(service, this.transport(this.#key(purpose)));
  }

  /** A client with a given key. */
  transport(key: string): Transport {
    const authorize: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${key}`);
      return next(request);
    };
    return createConnectTransport({ baseUrl: this.url, httpVersion: "2", interceptors: [authorize] });
  }

  /**
   * The project to name in requests; "" where the key says it. Without --project it is the only one that the
   * credentials know.
   */
  get project(): string {
    if (this.#options.project !== undefined) return this.#options.project;
    if (this.#options.key !== undefined) return "";
    const known = Object.keys(this.#credentials?.projectKeys ?? {});
    if (known.length === 1) return known[0]!;
    const which = known.length === 0 ? "none is known here" : `known are ${known.join(", ")}`;
    const message = `name a project with --project or MILLRACE_PROJECT; ${which}`;
    throw new Failure("invalid", "PROJECT_REQUIRED", message);
  }

  /** Whether a key for importing is at hand. */
  get canImport(): boolean {
    return this.#options.key !== undefined || this.#credentials?.importKeys?.[this.project] !== undefined;
  }

  /** Whether a key that may manage everything is at hand. */
  get canManage(): boolean {
    return this.#options.key !== undefined || this.#credentials?.adminKey !== undefined;
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

  #key(purpose: Purpose): string {
    if (this.#options.key !== undefined) return this.#options.key;
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

function withoutSlash(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new Failure("invalid", "FIELD_INVALID", `"${url}" is not an address such as ${DEFAULT_URL}`);
  }
  return url.replace(/\/+$/, "");
}

function sameServer(a: string, b: string): boolean {
  const normal = (url: string) => new URL(url).host.replace(/^localhost(?=:|$)/, "127.0.0.1");
  return URL.canParse(a) && normal(a) === normal(b);
}
