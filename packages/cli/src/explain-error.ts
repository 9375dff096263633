import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Failure } from "@millrace/failure";

/** What a person reads when a command has failed: what is wrong, and where that helps, what to do. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return `error: ${error.message}`;
  if (!(error instanceof ConnectError))
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
  const lines = [`error: ${error.rawMessage}`];
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  for (const { field, description } of violations) {
    if (!error.rawMessage.includes(description)) lines.push(`  ${field}: ${description}`);
  }
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
  if (reason !== undefined) lines.push(`  (${reason})`);
  else if (error.code === Code.Unavailable) lines.push("  Is the server running? `npm start` starts one.");
  return lines.join("\n");
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
