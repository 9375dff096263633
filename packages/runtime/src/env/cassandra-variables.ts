import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Failure } from "@millrace/failure";
import type { Values } from "./parse-environment.ts";
import { flag, list, oneOf, path, text } from "./variables.ts";

const HOSTS = {
  pattern: /^[^\s,:/]+(:\d{1,5})?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/,
  allowed: "hosts, each with a port or without, separated by commas",
};

/** Where Cassandra is, to be spread into the table of a service that stores or reads cells or records. */
export const CASSANDRA_VARIABLES = {
  cassandraContactPoints: list({
    name: "MILLRACE_CASSANDRA_CONTACT_POINTS",
    required: true,
    form: HOSTS,
    doc: "Nodes of Cassandra to begin with, such as cassandra-1:9042,cassandra-2:9042; the rest is learned from them.",
  }),
  cassandraDataCenter: text({
    name: "MILLRACE_CASSANDRA_DATA_CENTER",
    required: true,
    doc: "The data centre whose nodes are asked, as nodetool status names it.",
  }),
  cassandraKeyspace: text({
    name: "MILLRACE_CASSANDRA_KEYSPACE",
    default: "millrace",
    form: { pattern: /^[a-z][a-z0-9_]{0,47}$/, allowed: "1 to 48 of a-z, 0-9 and _, beginning with a letter" },
    doc: "The keyspace that holds the tables.",
  }),
  cassandraConsistency: oneOf(["LOCAL_QUORUM", "QUORUM"], {
    name: "MILLRACE_CASSANDRA_CONSISTENCY",
    default: "LOCAL_QUORUM",
    doc: "How many replicas confirm a read or a write.",
  }),
  cassandraUsername: text({ name: "MILLRACE_CASSANDRA_USERNAME", doc: "The user that logs in at Cassandra, if any." }),
  cassandraPassword: text({ name: "MILLRACE_CASSANDRA_PASSWORD", secret: true, doc: "That user's password." }),
  cassandraTls: flag({ name: "MILLRACE_CASSANDRA_TLS", default: false, doc: "Whether Cassandra is spoken to by TLS." }),
  cassandraCaFile: path({
    name: "MILLRACE_CASSANDRA_CA_FILE",
    doc: "Authorities that vouch for the nodes, in PEM; those of the system where none are given.",
  }),
  cassandraCertificateFile: path({
    name: "MILLRACE_CASSANDRA_CERTIFICATE_FILE",
    doc: "The certificate that this service shows to Cassandra, in PEM, where Cassandra asks for one.",
  }),
  cassandraServerName: text({
    name: "MILLRACE_CASSANDRA_TLS_SERVER_NAME",
    form: { pattern: /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/, allowed: "a name, such as cassandra.example.org" },
    doc: "The name that the certificates of all nodes are for; that of the address which each is reached at, where none is given.",
  }),
  cassandraKeyFile: path({ name: "MILLRACE_CASSANDRA_KEY_FILE", doc: "The private key of that certificate, in PEM." }),
};

/** What {@link CASSANDRA_VARIABLES} say, as the client of Cassandra takes it. */
export type CassandraSettings = {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
  readonly consistency: "LOCAL_QUORUM" | "QUORUM";
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: ConnectionOptions;
};

/** Reads what the variables of Cassandra say, files included. Fails with `invalid` where they contradict each other. */
export function cassandraSettingsOf(values: Values<typeof CASSANDRA_VARIABLES>): CassandraSettings {
  const { cassandraUsername: username, cassandraPassword: password } = values;
  if ((username === undefined) !== (password === undefined)) {
    const problem = "and MILLRACE_CASSANDRA_PASSWORD must be given together";
    throw Failure.invalidField("MILLRACE_CASSANDRA_USERNAME", problem);
  }
  return {
    contactPoints: values.cassandraContactPoints,
    localDataCenter: values.cassandraDataCenter,
    keyspace: values.cassandraKeyspace,
    consistency: values.cassandraConsistency,
    ...(username !== undefined && password !== undefined && { credentials: { username, password } }),
    ...(values.cassandraTls && { tls: tlsOf(values) }),
  };
}

function tlsOf(values: Values<typeof CASSANDRA_VARIABLES>): ConnectionOptions {
  const ca = readPem("MILLRACE_CASSANDRA_CA_FILE", values.cassandraCaFile);
  const cert = readPem("MILLRACE_CASSANDRA_CERTIFICATE_FILE", values.cassandraCertificateFile);
  const key = readPem("MILLRACE_CASSANDRA_KEY_FILE", values.cassandraKeyFile);
  const { cassandraServerName: servername } = values;
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(servername && { servername }) };
}

function readPem(variable: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw Failure.invalidField(variable, `names ${JSON.stringify(file)}, which can not be read`);
  }
}
