import type { Position } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import type { DeadLetter, DeadLetterReason, EventStamps } from "./dead-letters.ts";
import { letterId, positionOf } from "./letter-id.ts";

/** The version that is written. Version 1 had no version, reason and stamps, and no moves. */
const FORMAT_VERSION = 2;

const LINE_BREAK = 10;

/** Longer texts about what went wrong are cut. */
const PROBLEM_CHARS_MAX = 1_000;

const REASONS: readonly string[] = [
  "RECORD_UNREADABLE",
  "EVENT_UNREADABLE",
  "REVISION_NOT_FOUND",
  "FOLD_FAILED",
] satisfies DeadLetterReason[];

/** A letter as it is kept. */
export type KeptLetter = DeadLetter & {
  /** How long the bytes were when they were too many to be kept; absent: all of them are here. */
  readonly cutFromBytes?: number;
};

/** Letters whose events were appended again. */
export type Moves = {
  /** When, in epoch milliseconds. */
  readonly timeMs: number;
  /** From which position to which. Of a record that had not been readable it is the first event's new position. */
  readonly moves: readonly (readonly [from: Position, to: Position])[];
};

/** What a record of the log of dead letters holds. */
export type LetterRecord =
  | { readonly kind: "letter"; readonly letter: KeptLetter }
  | ({ readonly kind: "moves" } & Moves);

/** The partition of the log of dead letters that letters of a position are in. */
export function partitionOfLetter(position: Position, partitions: number): number {
  return position.partition % partitions;
}

/**
 * A letter as one record: a line of JSON, a line break, the bytes. What is too large for a record is cut, and the line
 * says how long it was: a letter that can't be kept would stop the partition (P4).
 */
export function letterRecord(letter: DeadLetter, maxBytes: number): Uint8Array {
  const { bytes, problem, ...rest } = letter;
  const about = { version: FORMAT_VERSION, kind: "letter", ...rest, problem: problem.slice(0, PROBLEM_CHARS_MAX) };
  const line = lineOf(about);
  if (line.length + bytes.length <= maxBytes) return Buffer.concat([line, bytes]);
  const cutLine = lineOf({ ...about, cutFromBytes: bytes.length });
  return Buffer.concat([cutLine, bytes.subarray(0, maxBytes - cutLine.length)]);
}

/** What was redriven, as one record. */
export function movesRecord({ timeMs, moves }: Moves): Uint8Array {
  const pairs = moves.map(([from, to]) => [letterId(from), letterId(to)]);
  return lineOf({ version: FORMAT_VERSION, kind: "moves", timeMs, moves: pairs });
}

/**
 * Reads a record of any version. A letter's bytes are a view of the record.
 *
 * @throws Failure `corrupt` for what no release up to this one wrote
 */
export function readLetterRecord(value: Uint8Array): LetterRecord {
  const end = value.indexOf(LINE_BREAK);
  if (end < 0) throw corrupt("it has no line break");
  const about = parsed(value.subarray(0, end));
  const version = about["version"] ?? 1;
  if (version !== 1 && version !== FORMAT_VERSION) throw corrupt(`its version is ${String(version)}`);
  if (about["kind"] === "moves") return { kind: "moves", timeMs: numberOf(about["timeMs"]), moves: movesOf(about) };
  const { position, projectId, problem, reason, stamps, cutFromBytes } = about;
  if (!isPosition(position) || typeof projectId !== "string" || typeof problem !== "string") {
    throw corrupt("it is no letter");
  }
  const letter: KeptLetter = {
    position,
    projectId,
    problem,
    reason: typeof reason === "string" && REASONS.includes(reason) ? (reason as DeadLetterReason) : "",
    bytes: value.subarray(end + 1),
    ...(isStamps(stamps) && { stamps }),
    ...(cutFromBytes !== undefined && { cutFromBytes: numberOf(cutFromBytes) }),
  };
  return { kind: "letter", letter };
}

function lineOf(about: object): Buffer {
  return Buffer.from(`${JSON.stringify(about)}\n`);
}

function parsed(line: Uint8Array): Record<string, unknown> {
  let about: unknown;
  try {
    about = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString("utf8"));
  } catch (cause) {
    throw corrupt("its first line is no JSON", cause);
  }
  if (typeof about !== "object" || about === null) throw corrupt("its first line is no object");
  return about as Record<string, unknown>;
}

function movesOf({ moves }: Record<string, unknown>): Moves["moves"] {
  if (!Array.isArray(moves)) throw corrupt("it has no moves");
  return moves.map((pair) => {
    if (!Array.isArray(pair)) throw corrupt("a move is no pair");
    return [positionOf(String(pair[0])), positionOf(String(pair[1]))] as const;
  });
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== "object" || value === null) return false;
  const { generation, partition, offset, index } = value as Record<string, unknown>;
  return [generation, partition, offset, index].every((part) => Number.isSafeInteger(part) && Number(part) >= 0);
}

function isStamps(value: unknown): value is EventStamps {
  if (typeof value !== "object" || value === null) return false;
  const stamps = value as Record<keyof EventStamps, unknown>;
  const numbers = [stamps.revision, stamps.processingVersion, stamps.receivedAtMs, stamps.timeMs, stamps.claimTimeMs];
  return (
    numbers.every((part) => Number.isSafeInteger(part)) &&
    [stamps.imported, stamps.late].every((part) => typeof part === "boolean") &&
    [stamps.userAgent, stamps.assignedId].every((part) => typeof part === "string")
  );
}

function numberOf(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw corrupt("a number is none");
  return Number(value);
}

function corrupt(what: string, cause?: unknown): Failure {
  return new Failure("corrupt", "DATA_CORRUPT", `A record of the log of dead letters cannot be read: ${what}.`, {
    cause,
  });
}
