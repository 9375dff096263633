import type { Reason } from "./reason.ts";

/**
 * What a caller should make of a failure; closed, so that every place that tells them apart is checked by the compiler.
 *
 * - `invalid`: the request is wrong and stays wrong; change it.
 * - `notFound`, `exists`: the named thing is not there, or is there already.
 * - `stale`: it changed meanwhile, or belongs to somebody else by now; read again, then repeat.
 * - `precondition`: the system is not in a state that allows this; repeating does not help.
 * - `outOfRange`: valid elsewhere, but not here (beyond what is kept).
 * - `exhausted`: a limit was reached; try again later, or after `retryAfterMs`.
 * - `unavailable`: a part is away; safe to try again.
 * - `unknownOutcome`: it may or may not have been done (a timeout after sending); only idempotent work may be repeated.
 * - `unauthenticated`, `denied`: no credential, or not enough of one.
 * - `cancelled`, `deadline`: the caller gave up, or its deadline passed.
 * - `corrupt`: stored data are damaged; a person must look.
 * - `unimplemented`: no such method.
 * - `internal`: a defect of ours. Its text never leaves the process.
 */
export type FailureKind =
  | "invalid"
  | "notFound"
  | "exists"
  | "stale"
  | "precondition"
  | "outOfRange"
  | "exhausted"
  | "unavailable"
  | "unknownOutcome"
  | "unauthenticated"
  | "denied"
  | "cancelled"
  | "deadline"
  | "corrupt"
  | "unimplemented"
  | "internal";

/** One field of a request that is wrong: its path, such as `query.time_zone`, and what is wrong with the value. */
export type FieldViolation = { readonly field: string; readonly description: string };

/** What a failure may carry beside its message. */
export type FailureDetails = {
  /** The error behind this one. It is logged, and never shown to a client. */
  readonly cause?: unknown;
  /** The fields at fault. */
  readonly violations?: readonly FieldViolation[];
  /** After how many milliseconds a new attempt makes sense. */
  readonly retryAfterMs?: number;
  /** More for machines, such as `{ finest: "1h" }`. Keys are lowerCamelCase; nothing secret. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * The one error that Millrace's code throws on purpose. `message` is written for the person at the other end: it names
 * the field, the value's problem and the limit, and holds no driver's text. Anything else that is thrown is a defect
 * and leaves a service as `internal`.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly reason: Reason;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(kind: FailureKind, reason: Reason, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "Failure";
    this.kind = kind;
    this.reason = reason;
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.metadata = details.metadata ?? {};
  }

  /** An `invalid` failure about one field, whose message begins with the field's path. */
  static invalidField(field: string, description: string, reason: Reason = "FIELD_INVALID"): Failure {
    return new Failure("invalid", reason, `${field}: ${description}`, { violations: [{ field, description }] });
  }
}
