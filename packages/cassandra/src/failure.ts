import { Failure } from "@millrace/failure";
import cassandra from "cassandra-driver";

const codes = cassandra.types.responseErrorCodes;
/** Repeating these gives the same answer: the statement, the schema or the rights are wrong. */
const LASTING = new Set<number>([
  codes.protocolError,
  codes.syntaxError,
  codes.invalid,
  codes.configError,
  codes.alreadyExists,
]);
/** The coordinator says these before it asks any replica to write. */
const NOT_MADE = new Set<number>([codes.unavailableException, codes.overloaded, codes.isBootstrapping]);

/**
 * The Failure for what the driver threw; the driver's own text goes into `cause` only. Failures pass through.
 *
 * @param doing what failed, for people: "writing to the cell store"
 * @param writes whether something may have been written: then all but a clear refusal is `unknownOutcome`
 */
export function cassandraFailure(error: unknown, doing: string, writes: boolean): Failure {
  if (error instanceof Failure) return error;
  const details = { cause: error };
  const code = responseCode(error);
  if (error instanceof cassandra.errors.AuthenticationError || code === codes.badCredentials) {
    const message = `${doing} failed: Cassandra does not accept the user name and password`;
    return new Failure("precondition", "BACKEND_UNAVAILABLE", message, details);
  }
  if (code === codes.unauthorized) {
    const message = `${doing} failed: the user of Cassandra lacks a permission`;
    return new Failure("precondition", "BACKEND_UNAVAILABLE", message, details);
  }
  if (code !== undefined && LASTING.has(code)) {
    return new Failure("internal", "INTERNAL", `${doing} failed: Cassandra refuses the statement`, details);
  }
  if (code !== undefined && NOT_MADE.has(code)) {
    const message = `${doing} failed: too few of Cassandra's replicas are there, or they are overloaded`;
    return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, details);
  }
  if (writes) {
    const message = `${doing} failed: Cassandra did not confirm it; it may have been done`;
    return new Failure("unknownOutcome", "BACKEND_TIMEOUT", message, details);
  }
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", `${doing} failed: Cassandra did not answer`, details);
}

/** The Failure of a call whose signal was aborted. */
export function cancelled(signal: AbortSignal | undefined): Failure {
  return new Failure("cancelled", "CANCELLED", "the call was cancelled", { cause: signal?.reason });
}

function responseCode(error: unknown): number | undefined {
  return error instanceof cassandra.errors.ResponseError ? error.code : undefined;
}
