import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Failure } from "@millrace/failure";

/** What to do when the server can not be reached. */
const START_HINT = "Is it running? `npm start` starts one; --url or MILLRACE_URL say where it is.";

/** What is wrong, for people and for programs. */
export type ErrorDocument = {
  readonly error: {
    readonly kind: string;
    /** As docs/errors.md lists them; USAGE for what was typed wrong, UNREACHABLE when no server answered. */
    readonly reason: string;
    readonly message: string;
    /** The first field that is wrong. */
    readonly field?: string;
    readonly fields?: readonly { readonly field: string; readonly description: string }[];
    readonly hint?: string;
  };
};

/**
 * What a person reads when a command has failed: what is wrong, and where that helps, what to do.
 *
 * @param hint what else to say, such as the name that was probably meant
 */
export function explain(error: unknown, hint?: string): string {
  const lines = [headline(error)];
  if (error instanceof ConnectError) {
    for (const { field, description } of violationsOf(error)) {
      if (!error.rawMessage.includes(description)) lines.push(`  ${field}: ${description}`);
    }
    if (hint !== undefined) lines.push(`  ${hint}`);
    const reason = infoOf(error)?.reason;
    if (reason !== undefined) lines.push(`  (${reason})`);
    else if (isAway(error)) lines.push(`  ${START_HINT}`);
  } else if (hint !== undefined) lines.push(`  ${hint}`);
  return lines.join("\n");
}

/** The same for programs. */
export function errorDocument(error: unknown, hint?: string): ErrorDocument {
  if (error instanceof Failure) {
    const { kind, reason, message, violations } = error;
    return { error: { kind, reason, message, ...fieldsOf(violations), ...(hint !== undefined && { hint }) } };
  }
  if (!(error instanceof ConnectError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: { kind: "internal", reason: "INTERNAL", message } };
  }
  const away = isAway(error);
  const advice = hint ?? (away ? START_HINT : undefined);
  return {
    error: {
      kind: Code[error.code].replace(/^./, (letter) => letter.toLowerCase()),
      reason: infoOf(error)?.reason ?? (away ? "UNREACHABLE" : "UNKNOWN"),
      message: away ? awayText(error) : error.rawMessage,
      ...fieldsOf(violationsOf(error)),
      ...(advice !== undefined && { hint: advice }),
    },
  };
}

/** What was typed wrong, for programs, from what is written for people. */
export function usageErrorJson(text: string): string {
  const message = text.replace(/^error: /, "").trim();
  return `${JSON.stringify({ error: { kind: "invalid", reason: "USAGE", message } } satisfies ErrorDocument)}\n`;
}

/** That the server can not be reached, for people. */
export function awayText(error: ConnectError): string {
  return `the server can not be reached (${error.rawMessage})`;
}

/** The reason that the server gave; undefined where none did. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof Failure) return error.reason;
  return error instanceof ConnectError ? infoOf(error)?.reason : undefined;
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

function headline(error: unknown): string {
  if (error instanceof Failure) return `error: ${error.message}`;
  if (error instanceof ConnectError) return `error: ${isAway(error) ? awayText(error) : error.rawMessage}`;
  return `error: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
}

function infoOf(error: ConnectError) {
  return error.findDetails(ErrorInfoSchema)[0];
}

function isAway(error: ConnectError): boolean {
  return infoOf(error) === undefined && error.code === Code.Unavailable;
}

function violationsOf(error: ConnectError) {
  return error
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations.map(({ field, description }) => ({ field, description })));
}

function fieldsOf(fields: readonly { readonly field: string; readonly description: string }[]) {
  return fields.length === 0 ? {} : { field: fields[0]!.field, fields };
}
