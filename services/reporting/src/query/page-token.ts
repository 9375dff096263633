import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { clone, toBinary } from "@bufbuild/protobuf";
import { type Query, QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import type { CalendarUnit, Range } from "@millrace/rollup";
import type { Ranked } from "./order.ts";
import type { ResolvedRange } from "./time-range.ts";
import type { Reading } from "./values.ts";

/** Where a page begins. */
export type PageStart = {
  /** The range of the first page, so that the pages of a relative range are of one answer. */
  readonly resolved: ResolvedRange;
  /** The last that the page before had. */
  readonly after: Ranked;
};

const FORMAT = 1;
const QUESTION_BYTES = 12;
const CHECKSUM_BYTES = 4;

type Payload = readonly [
  format: number,
  start: number,
  end: number,
  unit: string,
  bucket: number,
  values: readonly string[],
  other: number,
  readings: readonly (string | null)[],
];

/**
 * The token of the page after a row. It is bound to the query and to the range that was answered; it grants nothing, so
 * it is not signed.
 */
export function toPageToken(projectId: string, query: Query, { resolved, after }: PageStart): string {
  const payload: Payload = [
    FORMAT,
    resolved.range.start,
    resolved.range.end,
    resolved.unit ?? "",
    after.bucket,
    after.values,
    after.other ? 1 : 0,
    after.readings.map(readingText),
  ];
  const content = Buffer.concat([questionOf(projectId, query), Buffer.from(JSON.stringify(payload))]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(content));
  return Buffer.concat([content, checksum]).toString("base64url");
}

/**
 * Where the page that a query asks for begins; undefined for the first.
 *
 * @throws Failure `invalid` (PAGE_TOKEN_INVALID) for a token that is damaged or belongs to another query
 */
export function fromPageToken(projectId: string, query: Query): PageStart | undefined {
  if (query.pageToken === "") return undefined;
  const bytes = Buffer.from(query.pageToken, "base64url");
  const end = bytes.length - CHECKSUM_BYTES;
  if (end <= QUESTION_BYTES || bytes.toString("base64url") !== query.pageToken) throw invalid("is damaged");
  if (bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) throw invalid("is damaged");
  if (!bytes.subarray(0, QUESTION_BYTES).equals(questionOf(projectId, query)))
    throw invalid("belongs to another query");
  return parse(bytes.subarray(QUESTION_BYTES, end).toString(), query);
}

/** The checksum tells accidents; whoever makes up a token that fits gets an answer to what it says, or a refusal. */
function parse(text: string, query: Query): PageStart {
  try {
    const [format, start, end, unit, bucket, values, other, readings] = JSON.parse(text) as Payload;
    const fits = values.length === query.dimensions.length && readings.length === query.metrics.length;
    const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start < end;
    if (format !== FORMAT || !fits || !isRange) throw new Error("unexpected content");
    const range: Range = { start, end };
    return {
      resolved: { range, ...(unit !== "" && { unit: unit as CalendarUnit }) },
      after: {
        bucket: Number(bucket),
        values: values.map(String),
        other: other === 1,
        readings: readings.map(textReading),
      },
    };
  } catch (cause) {
    throw invalid("is of another version", cause);
  }
}

/** A short name of the query; equal queries have equal ones. */
function questionOf(projectId: string, query: Query): Buffer {
  const question = clone(QuerySchema, query);
  question.pageToken = "";
  question.projectId = projectId;
  return createHash("sha256").update(toBinary(QuerySchema, question)).digest().subarray(0, QUESTION_BYTES);
}

function readingText(reading: Reading): string | null {
  return reading === undefined ? null : typeof reading === "bigint" ? `${reading}n` : String(reading);
}

function textReading(text: string | null): Reading {
  if (text === null) return undefined;
  return text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text);
}

function invalid(what: string, cause?: unknown): Failure {
  const description = `${what}; begin with the first page again`;
  const field = "query.page_token";
  const violations = [{ field, description }];
  return new Failure("invalid", "PAGE_TOKEN_INVALID", `${field}: ${description}`, { cause, violations });
}
