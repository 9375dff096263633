import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Failure } from "@millrace/failure";

/** What to do when the server can not be reached. */
const START_HINT = "  Is it running? `npm start` starts one; --url or MILLRACE_URL say where it is.";

/** What a person reads when a command has failed: what is wrong, and where that helps, what to do. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return `error: ${error.message}`;
  if (!(error instanceof ConnectError))
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
  const isAnswer = error.findDetails(ErrorInfoSchema).length > 0;
  const isAway = !isAnswer && error.code === Code.Unavailable;
  const lines = [`error: ${isAway ? awayText(error) : error.rawMessage}`];
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  for (const { field, description } of violations) {
    if (!error.rawMessage.includes(description)) lines.push(`  ${field}: ${description}`);
  }
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
  if (reason !== undefined) lines.push(`  (${reason})`);
  else if (isAway) lines.push(START_HINT);
  return lines.join("\n");
}

/** That the server can not be reached, for people. */
export function awayText(error: ConnectError): string {
  return `the server can not be reached (${error.rawMessage})`;
}

/** The exit code of a failed command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.kind === "unavailable" ? 3 : 2;
  if (!(error instanceof ConnectError)) return 1;
  switch (error.code) {
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return 3;
    case Code.Internal:
    case Code.Unknown:
      return 1;
    default:
      return 2;
  }
}
