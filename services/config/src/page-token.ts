import { createHash } from "node:crypto";
import { Failure } from "@millrace/failure";

const DIGEST_BYTES = 8;
const PAGE_SIZE_DEFAULT = 100;

/** How many a page has: what was asked for, or 100. */
export function pageSize(requested: number): number {
  return requested === 0 ? PAGE_SIZE_DEFAULT : requested;
}

/**
 * Makes the token of the page after `lastId`. It is bound to the question, so that it can not be used with another; it
 * grants nothing, so it is not signed.
 *
 * @param question everything that decides which items are listed, in a fixed order
 */
export function toPageToken(question: readonly string[], lastId: string): string {
  return Buffer.concat([digest(question), Buffer.from(lastId)]).toString("base64url");
}

/**
 * The id that a page begins after: "" for the first.
 *
 * @throws Failure `invalid` (PAGE_TOKEN_INVALID)
 */
export function fromPageToken(question: readonly string[], token: string): string {
  if (token === "") return "";
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length <= DIGEST_BYTES || bytes.toString("base64url") !== token) throw invalid("is damaged");
  if (!bytes.subarray(0, DIGEST_BYTES).equals(digest(question))) throw invalid("belongs to another question");
  const id = bytes.subarray(DIGEST_BYTES).toString();
  if (!/^[0-9A-Za-z-]{1,63}$/.test(id)) throw invalid("is damaged");
  return id;
}

function digest(question: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(question)).digest().subarray(0, DIGEST_BYTES);
}

function invalid(what: string): Failure {
  return Failure.invalidField("page_token", `${what}; begin with the first page again`, "PAGE_TOKEN_INVALID");
}
