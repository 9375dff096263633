import { createHash } from "node:crypto";
import type { Position } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import { letterId, positionOf } from "./letter-id.ts";

const DIGEST_BYTES = 8;

/**
 * The token of the page after a position. It is bound to the question, so that it can't be used with another; it grants
 * nothing, so it is not signed.
 *
 * @param question everything that decides which letters are listed, as bytes
 */
export function toPageToken(question: Uint8Array, last: Position): string {
  return Buffer.concat([digest(question), Buffer.from(letterId(last))]).toString("base64url");
}

/**
 * The position that a page begins after; undefined for the first page.
 *
 * @throws Failure `invalid` (PAGE_TOKEN_INVALID)
 */
export function fromPageToken(question: Uint8Array, token: string): Position | undefined {
  if (token === "") return undefined;
  const bytes = Buffer.from(token, "base64url");
  if (!bytes.subarray(0, DIGEST_BYTES).equals(digest(question))) throw invalid("belongs to another question");
  try {
    return positionOf(bytes.subarray(DIGEST_BYTES).toString());
  } catch {
    throw invalid("is damaged");
  }
}

function digest(question: Uint8Array): Buffer {
  return createHash("sha256").update(question).digest().subarray(0, DIGEST_BYTES);
}

function invalid(what: string): Failure {
  return Failure.invalidField("page_token", `${what}; begin with the first page again`, "PAGE_TOKEN_INVALID");
}
