import { Failure } from "@millrace/failure";

/** Offsets that were written down before a snapshot of the cells was taken. */
export type SavedOffsets = {
  readonly topic: string;
  readonly generation: number;
  readonly group: string;
  /** The committed offset by partition. */
  readonly offsets: ReadonlyMap<number, number>;
};

const PARTITIONS_MAX = 1_024;

/**
 * Reads what `millrace offsets show --output json` printed.
 *
 * @throws Failure `invalid`, saying what is wrong with it
 */
export function parseSavedOffsets(text: string): SavedOffsets {
  const { topic, generation, group, partitions } = objectOf(text);
  if (typeof topic !== "string" || typeof group !== "string") throw wrong("names no topic or no group");
  if (!isOffset(generation) || generation < 1) throw wrong("has no generation");
  if (!Array.isArray(partitions) || partitions.length === 0 || partitions.length > PARTITIONS_MAX) {
    throw wrong(`must have 1 to ${PARTITIONS_MAX} partitions`);
  }
  const offsets = new Map<number, number>();
  for (const { partition, committed } of partitions as { partition?: unknown; committed?: unknown }[]) {
    if (!isOffset(partition) || partition >= partitions.length || offsets.has(partition)) {
      throw wrong("does not have each partition once");
    }
    // What was never committed begins at 0.
    if (committed !== null && !isOffset(committed)) throw wrong(`has no offset of partition ${partition}`);
    offsets.set(partition, committed ?? 0);
  }
  return { topic, generation, group, offsets };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw wrong("is no JSON document");
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrong(what: string): Failure {
  return Failure.invalidField("file", `${what}; give what \`millrace offsets show --output json\` printed`);
}
