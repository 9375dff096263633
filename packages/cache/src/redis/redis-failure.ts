import { Failure } from "@millrace/failure";

/** What happens when a call's answer is lost: after a read nothing, after a write nobody knows. */
export type Effect = "read" | "write";

/** Errors by which a server says that it did nothing, by the word they begin with, and what that means in plain words. */
const REFUSALS: Readonly<Record<string, string>> = {
  OOM: "is full: what it holds has reached its maxmemory",
  LOADING: "is still loading what it holds from its disk",
  BUSY: "is busy with a script",
  READONLY: "is a replica, which takes no writes",
  MASTERDOWN: "is a replica that has lost its primary",
  CLUSTERDOWN: "is a Cluster of which a part is away",
  TRYAGAIN: "is a Cluster that is moving these keys",
  MOVED: "is a node of a Cluster; its address must begin with redis+cluster://",
  MISCONF: "cannot write to its disk, and takes no writes therefore",
  NOREPLICAS: "has fewer replicas than it is told to have",
  NOAUTH: "wants a password",
  WRONGPASS: "does not take this name and password",
  NOPERM: "does not permit this user what Millrace needs",
};
const TIMED_OUT = /timed out/i;
/** What the driver says when it has sent nothing. */
const NOT_SENT = /enableOfflineQueue|isn't (?:writeable|ready)|None of startup nodes|Failed to refresh slots/;

/** What an error of the driver means to a caller; `name` says which Redis it is, as in "the cache". */
export function redisFailure(error: unknown, name: string, effect: Effect): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : "";
  const details = { cause: withoutArguments(error) };
  const refusal = REFUSALS[/^[A-Z]+/.exec(text)?.[0] ?? ""];
  if (refusal !== undefined) {
    return new Failure("unavailable", "BACKEND_UNAVAILABLE", `The Redis of ${name} ${refusal}.`, details);
  }
  if (NOT_SENT.test(text)) {
    return new Failure("unavailable", "BACKEND_UNAVAILABLE", `The Redis of ${name} cannot be reached.`, details);
  }
  if (error instanceof Error && error.name === "ReplyError") {
    return new Failure("internal", "INTERNAL", `The Redis of ${name} refused a command.`, details);
  }
  const kind = effect === "read" ? "unavailable" : "unknownOutcome";
  if (TIMED_OUT.test(text)) {
    return new Failure(kind, "BACKEND_TIMEOUT", `The Redis of ${name} did not answer in time.`, details);
  }
  return new Failure(kind, "BACKEND_UNAVAILABLE", `The connection to the Redis of ${name} broke.`, details);
}

/** Why no connection came about within a time, by the last error of the driver if there was one. */
export function connectFailure(error: unknown, name: string, timeoutMs: number): Failure {
  const text = error instanceof Error ? error.message : "";
  const details = { cause: withoutArguments(error) };
  const unavailable = (message: string) => new Failure("unavailable", "BACKEND_UNAVAILABLE", message, details);
  const refusal = REFUSALS[/^[A-Z]+/.exec(text)?.[0] ?? ""];
  if (refusal !== undefined) return unavailable(`The Redis of ${name} ${refusal}.`);
  if (/certificate required|bad certificate/i.test(text)) {
    return unavailable(`The Redis of ${name} wants a certificate of its clients; name certificateFile and keyFile.`);
  }
  if (/altname/i.test(text)) {
    return unavailable(`The certificate of the Redis of ${name} is for another host; name that as serverName.`);
  }
  if (/certificate/i.test(text)) {
    return unavailable(`The certificate of the Redis of ${name} is not trusted; name its authority's file as caFile.`);
  }
  const seconds = timeoutMs / 1000;
  return unavailable(`The Redis of ${name} did not answer for ${seconds} s; is its address right, and does it run?`);
}

/** Whether connecting again would end the same way: the certificate or the password must be changed first. */
export function isSettled(error: unknown): boolean {
  return error instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM)|certificate|altname/i.test(error.message);
}

/** What went wrong on a node of a Cluster, where the driver only says that all its nodes failed. */
export function rootOf(error: unknown): unknown {
  return error instanceof Error && "lastNodeError" in error ? (error.lastNodeError ?? error) : error;
}

/** The driver puts the command with its arguments on errors: passwords, ids and megabytes, which nobody may find in a log. */
function withoutArguments(error: unknown): unknown {
  if (error instanceof Error && "command" in error) delete error.command;
  return error;
}
