import { Failure } from "@millrace/failure";
import cassandra from "cassandra-driver";
import type { CassandraOptions } from "./connect.ts";
import { cassandraFailure } from "./failure.ts";

/** What is said of an error of TLS, by its code: OpenSSL's and Node's. */
const TLS_PROBLEMS: readonly (readonly [code: RegExp, problem: string])[] = [
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "its certificate is for another host"],
  [
    /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED/,
    "its certificate is signed by an authority that is not trusted here",
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, "it does not speak TLS at this port"],
  [/^ERR_SSL_.*(CERTIFICATE|HANDSHAKE)|^ERR_SSL_/, "TLS was refused; it may want a certificate of the client"],
];

/** The Failure for what the driver threw when it was to connect: what is wrong, in plain words. */
export function connectFailure(error: unknown, options: CassandraOptions): Failure {
  const where = options.contactPoints.join(", ");
  const reasons = error instanceof cassandra.errors.NoHostAvailableError ? Object.values(error.innerErrors) : [error];
  const refused = (message: string) => new Failure("precondition", "BACKEND_UNAVAILABLE", message, { cause: error });
  if (reasons.some((reason) => reason instanceof cassandra.errors.ArgumentError)) {
    return refused(`no node of Cassandra at ${where} is in the data centre "${options.localDataCenter}"`);
  }
  if (reasons.some((reason) => reason instanceof cassandra.errors.AuthenticationError)) {
    const problem = options.credentials
      ? "does not accept the user name and password"
      : "wants a user name and password";
    return refused(`connecting to Cassandra failed: ${where} ${problem}`);
  }
  for (const code of reasons.flatMap(codesOf)) {
    const [, problem] = TLS_PROBLEMS.find(([pattern]) => pattern.test(code)) ?? [];
    if (problem !== undefined) return refused(`connecting to Cassandra at ${where} by TLS failed: ${problem}`);
  }
  if (reasons.some((reason) => codesOf(reason).includes("ENOTFOUND")) || reasons.length === 0) {
    const message = `connecting to Cassandra failed: there is no host at ${where}`;
    return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause: error });
  }
  return cassandraFailure(error, `connecting to Cassandra at ${where}`, false);
}

/** The codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 4; depth++) {
    if ("code" in at && typeof at.code === "string") codes.push(at.code);
    at = "innerError" in at ? at.innerError : at.cause;
  }
  return codes;
}
