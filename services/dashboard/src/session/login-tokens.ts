import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type LoginTokenRecord, LoginTokenRecordSchema } from "@millrace/api/millrace/dashboard/v1/session_record_pb";
import { secretMatches } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import { createSecretText, parseSecretText, type Random } from "./secret-text.ts";

/** The collection of tokens that wait to be used, by id. */
export const LOGIN_TOKEN_COLLECTION = "login-token";

/** Of 144 bits, so that a link fits into a line of a terminal. */
const KIND = { prefix: "mlt_", secretBytes: 18 };
const LIFETIME_MS = 15 * 60_000;
const WAITING_MAX = 100;

/** What tokens and sessions are kept by. */
export type SessionDeps = {
  readonly records: RecordStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: Random;
};

/** A token that nobody has used. */
export type LoginToken = { readonly text: string; readonly expireTimeMs: number };

/** One-time tokens, each of which opens one session. */
export class LoginTokens {
  readonly #deps: SessionDeps;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** Makes a token for somebody. Fails with `exhausted` (LIMIT_REACHED) when 100 wait to be used. */
  async create(subject: string): Promise<LoginToken> {
    const { records, now, random } = this.#deps;
    if ((await this.#removeExpired()) >= WAITING_MAX) {
      const message = `${WAITING_MAX} tokens wait to be used, the most there may be; each goes 15 minutes after it was made`;
      throw new Failure("exhausted", "LIMIT_REACHED", message);
    }
    const { id, text, secretHash } = createSecretText(KIND, random);
    const expireTimeMs = now() + LIFETIME_MS;
    const record = create(LoginTokenRecordSchema, { secretHash, subject, expireTime: timestampFromMs(expireTimeMs) });
    const value = toBinary(LoginTokenRecordSchema, record);
    await records.put({ collection: LOGIN_TOKEN_COLLECTION, id, expectedVersion: 0, value });
    return { text, expireTimeMs };
  }

  /**
   * Uses a token up, and tells whom it was made for. Of several who use one at the same time exactly one succeeds.
   *
   * @throws Failure `unauthenticated` (LOGIN_TOKEN_INVALID), which does not say what is wrong with it
   */
  async use(text: string): Promise<string> {
    const parsed = parseSecretText(KIND, text);
    if (parsed === undefined) throw invalid();
    const { records, now } = this.#deps;
    const stored = await records.get(LOGIN_TOKEN_COLLECTION, parsed.id);
    if (stored === undefined) throw invalid();
    const record = decode(stored.value);
    if (!secretMatches(parsed.secret, record.secretHash)) throw invalid();
    const { collection, id, version: expectedVersion } = stored;
    await records.put({ collection, id, expectedVersion, value: undefined }).catch((error: unknown) => {
      throw error instanceof Failure && error.kind === "stale" ? invalid() : error;
    });
    if (isExpired(record, now())) throw invalid();
    return record.subject;
  }

  /** Gives how many are left. */
  async #removeExpired(): Promise<number> {
    const { records, now } = this.#deps;
    const all = await records.list(LOGIN_TOKEN_COLLECTION, { limit: 1_000 });
    const expired = all.filter(({ value }) => isExpired(decode(value), now()));
    for (const { collection, id, version } of expired) {
      await removeRecord(records, { collection, id, version });
    }
    return all.length - expired.length;
  }
}

/** Removes a record, unless somebody else has changed or removed it meanwhile. */
export async function removeRecord(
  records: RecordStore,
  { collection, id, version }: { readonly collection: string; readonly id: string; readonly version: number },
): Promise<void> {
  await records.put({ collection, id, expectedVersion: version, value: undefined }).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.kind !== "stale") throw error;
  });
}

function decode(value: Uint8Array): LoginTokenRecord {
  return fromBinary(LoginTokenRecordSchema, value);
}

function isExpired({ expireTime }: LoginTokenRecord, nowMs: number): boolean {
  return expireTime === undefined || timestampMs(expireTime) <= nowMs;
}

function invalid(): Failure {
  const message = "the token is unknown, was used already, or is older than 15 minutes; make another: millrace open";
  return new Failure("unauthenticated", "LOGIN_TOKEN_INVALID", message);
}
