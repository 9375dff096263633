import { Failure } from "@millrace/failure";

/** One server of an address. */
export type RedisNode = { readonly host: string; readonly port: number };

/** What an address says; see {@link parseRedisAddress}. */
export type RedisAddress = {
  readonly mode: "single" | "cluster" | "sentinel";
  /** The server; or some nodes of the Cluster; or the Sentinels. */
  readonly nodes: readonly RedisNode[];
  /** The name by which Sentinels know the primary; empty in other modes. */
  readonly primary: string;
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  /** The database's number; a Cluster has only 0. */
  readonly database: number;
};

const SCHEMES: Readonly<Record<string, { readonly mode: RedisAddress["mode"]; readonly tls: boolean }>> = {
  redis: { mode: "single", tls: false },
  rediss: { mode: "single", tls: true },
  "redis+cluster": { mode: "cluster", tls: false },
  "rediss+cluster": { mode: "cluster", tls: true },
  "redis+sentinel": { mode: "sentinel", tls: false },
  "rediss+sentinel": { mode: "sentinel", tls: true },
};
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const FORMS =
  "redis://HOST:PORT/DATABASE, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY, " +
  "rediss for TLS, USER:PASSWORD@ before the hosts";

/**
 * Reads an address: `redis://`, `redis+cluster://` or `redis+sentinel://`, each as `rediss` with TLS, with one or more
 * `host:port` between commas. Names and passwords are percent-encoded. The path is the database's number; with Sentinels
 * the primary's name, and the number after another slash.
 *
 * @throws Failure `invalid` that names the problem, but never the password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const [, schemeName = "", credentials, hosts = "", path = ""] =
    /^([a-z+]+):\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(.*))?$/.exec(text) ?? [];
  const scheme = SCHEMES[schemeName];
  if (scheme === undefined) throw invalid(`must look like ${FORMS}`);
  const { mode, tls } = scheme;
  const nodes = hosts.split(",").map((host) => parseNode(host, mode === "sentinel" ? SENTINEL_PORT : REDIS_PORT));
  if (mode === "single" && nodes.length > 1) {
    throw invalid("has several servers; say redis+cluster:// or redis+sentinel:// before them");
  }
  const parts = path.split("/");
  const primary = mode === "sentinel" ? decode(parts.shift() ?? "") : "";
  if (mode === "sentinel" && primary === "") throw invalid("must end with the name of the primary, such as /mymaster");
  const number = parts.shift() ?? "";
  if (!/^\d{0,4}$/.test(number) || parts.length > 0) throw invalid(`must look like ${FORMS}`);
  if (mode === "cluster" && Number(number) !== 0) throw invalid("names a database, but a Cluster has only database 0");
  const [username = "", ...password] = (credentials ?? "").split(":");
  return {
    ...{ mode, nodes, primary, tls, database: Number(number) },
    ...{ username: decode(username), password: decode(password.join(":")) },
  };
}

function parseNode(text: string, defaultPort: number): RedisNode {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw invalid("has a server that is not host:port");
  return { host, port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("has a % that begins no percent-encoded byte");
  }
}

function invalid(problem: string): Failure {
  return Failure.invalidField("address of Redis", problem);
}
