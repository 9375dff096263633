import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type SessionRecord, SessionRecordSchema } from "@millrace/api/millrace/dashboard/v1/session_record_pb";
import { secretMatches } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { StoredRecord } from "@millrace/record-store";
import { SESSION_PREFIX } from "@millrace/runtime";
import { removeRecord, type SessionDeps } from "./login-tokens.ts";
import { createSecretText, parseSecretText } from "./secret-text.ts";

/** The collection of sessions, by id. */
export const SESSION_COLLECTION = "session";

const KIND = { prefix: SESSION_PREFIX, secretBytes: 32 };
const DAY_MS = 86_400_000;
/** How long a session lives after the page was last opened. */
const IDLE_MS = 14 * DAY_MS;
/** How long it lives in all, however often the page is opened. */
const LIFETIME_MS = 90 * DAY_MS;
/** A visit later than this after the last one that counted makes it live longer: one write a day is enough. */
const EXTEND_AFTER_MS = DAY_MS;
const SESSIONS_MAX = 500;
const LIST_MAX = 1_000;

/** Who looks at the page. */
export type Session = {
  readonly sessionId: string;
  readonly subject: string;
  readonly expireTimeMs: number;
};

/** A session that has just been opened; its text is for the cookie. */
export type NewSession = Session & { readonly text: string };

type Known = { readonly stored: StoredRecord; readonly record: SessionRecord };

/** The sessions of the page. They are records, so that they outlive the process; of their secrets only hashes are kept. */
export class Sessions {
  readonly #deps: SessionDeps;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** Opens a session. Where there are 500 already, that which would end first ends now. */
  async open(subject: string): Promise<NewSession> {
    const { records, now, random } = this.#deps;
    await this.removeExpired(SESSIONS_MAX - 1);
    const { id, text, secretHash } = createSecretText(KIND, random);
    const createMs = now();
    const expireTimeMs = createMs + IDLE_MS;
    const record = create(SessionRecordSchema, {
      secretHash,
      subject,
      createTime: timestampFromMs(createMs),
      expireTime: timestampFromMs(expireTimeMs),
    });
    const value = toBinary(SessionRecordSchema, record);
    await records.put({ collection: SESSION_COLLECTION, id, expectedVersion: 0, value });
    return { sessionId: id, subject, expireTimeMs, text };
  }

  /** @throws Failure `unauthenticated` (SESSION_INVALID), which does not say what is wrong with it */
  async find(text: string): Promise<Session> {
    return sessionOf(await this.#know(text));
  }

  /** As `find`, for somebody who opens the page: the session lives for another 14 days, up to 90 in all. */
  async visit(text: string): Promise<Session> {
    const { records, now } = this.#deps;
    const { stored, record } = await this.#know(text);
    const createMs = record.createTime === undefined ? 0 : timestampMs(record.createTime);
    const expireTimeMs = Math.min(now() + IDLE_MS, createMs + LIFETIME_MS);
    const found = sessionOf({ stored, record });
    if (expireTimeMs < found.expireTimeMs + EXTEND_AFTER_MS) return found;
    const value = toBinary(SessionRecordSchema, { ...record, expireTime: timestampFromMs(expireTimeMs) });
    const { collection, id, version: expectedVersion } = stored;
    try {
      await records.put({ collection, id, expectedVersion, value });
      return { ...found, expireTimeMs };
    } catch (error) {
      // Another visit, or the end of the session, was faster: what it wrote holds.
      if (error instanceof Failure && error.kind === "stale") return this.find(text);
      throw error;
    }
  }

  /** Ends a session; one that is not known has ended already. */
  async end(text: string): Promise<void> {
    const known = await this.#lookUp(text);
    if (known !== undefined) await removeRecord(this.#deps.records, known.stored);
  }

  /** Removes the sessions that have expired and, of the others, those that would end first, until `keptMax` are left. */
  async removeExpired(keptMax = SESSIONS_MAX): Promise<void> {
    const { records, now } = this.#deps;
    const all = await records.list(SESSION_COLLECTION, { limit: LIST_MAX });
    const ends = all.map((stored) => ({ stored, endMs: expireMs(decode(stored.value)) }));
    ends.sort((a, b) => b.endMs - a.endMs);
    const gone = ends.filter(({ endMs }, i) => endMs <= now() || i >= keptMax);
    for (const { stored } of gone) await removeRecord(records, stored);
  }

  async #know(text: string): Promise<Known> {
    const known = await this.#lookUp(text);
    if (known !== undefined && expireMs(known.record) > this.#deps.now()) return known;
    const message = "the session is unknown or has ended; open the page with a new token: millrace open";
    throw new Failure("unauthenticated", "SESSION_INVALID", message);
  }

  async #lookUp(text: string): Promise<Known | undefined> {
    const parsed = parseSecretText(KIND, text);
    if (parsed === undefined) return undefined;
    const stored = await this.#deps.records.get(SESSION_COLLECTION, parsed.id);
    if (stored === undefined) return undefined;
    const record = decode(stored.value);
    return secretMatches(parsed.secret, record.secretHash) ? { stored, record } : undefined;
  }
}

function sessionOf({ stored, record }: Known): Session {
  return { sessionId: stored.id, subject: record.subject, expireTimeMs: expireMs(record) };
}

function decode(value: Uint8Array): SessionRecord {
  return fromBinary(SessionRecordSchema, value);
}

function expireMs({ expireTime }: SessionRecord): number {
  return expireTime === undefined ? 0 : timestampMs(expireTime);
}
