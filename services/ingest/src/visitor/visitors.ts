import type { Cache } from "@millrace/cache";
import { EVENT_LIMITS } from "../event-limits.ts";
import type { OutcomeCounters } from "../outcome-counters.ts";
import type { BatchFrame } from "../scan/batch-frame.ts";
import { encodeId, type Person, personOf } from "./person-of.ts";
import { pseudonymOf } from "./pseudonym.ts";
import { type SessionOwner, Sessions } from "./sessions.ts";

/** Of so many visitors in one request the sessions are looked up; a page has one. Later ones have the day for a session. */
const VISITORS_LOOKED_UP_MAX = 8;
const SALT_TIMEOUT_MS = 1_000;

/** What visitors are told apart by. */
export type VisitorsOptions = {
  /** The secret of the day that holds `nowMs`, or undefined. */
  readonly salt: (nowMs: number, options: { readonly signal: AbortSignal }) => Promise<Uint8Array | undefined>;
  /** Where sessions live; undefined: a session is a day. */
  readonly cache: Cache | undefined;
  readonly counters: OutcomeCounters;
};

/** A web page's request. */
export type Visit = {
  readonly projectId: string;
  /** "" when it is not known. Neither stored nor logged. */
  readonly address: string;
  readonly userAgent: string;
  readonly nowMs: number;
};

/**
 * Says who caused the events of web pages: those that name nobody get the pseudonym of the visitor's day, and those that
 * name no session get the visitor's. It is done before events are routed, and written into them, so that whatever reads
 * the log finds them alike.
 */
export class Visitors {
  readonly #salt: VisitorsOptions["salt"];
  readonly #sessions: Sessions;
  readonly #counters: OutcomeCounters;

  constructor({ salt, cache, counters }: VisitorsOptions) {
    this.#salt = salt;
    this.#sessions = new Sessions(cache);
    this.#counters = counters;
  }

  /**
   * The frame with what its events did not say. What can't be read is left as it is, to be judged. Never fails: without
   * the day's secret an event counts, and its visitor is unknown.
   *
   * @param rejected events that have no bytes
   */
  async name(frame: BatchFrame, visit: Visit, rejected?: ReadonlyMap<number, unknown>): Promise<BatchFrame> {
    const persons = Array.from({ length: frame.count }, (_, i) =>
      rejected?.has(i) ? undefined : personOf(frame.bytes, frame.ranges[2 * i]!, frame.ranges[2 * i + 1]!),
    );
    const pseudonym = persons.some(needsPseudonym) ? await this.#pseudonym(visit) : undefined;
    const unnamed = persons.filter(isUnnamed).length;
    if (unnamed > 0 && pseudonym === undefined) this.#counters.visitorUnknown(visit.projectId, unnamed);
    const device = Buffer.from(pseudonym ?? "", "latin1");
    const owners = persons.map((person): SessionOwner | undefined => {
      if (person === undefined || person.hasSession) return undefined;
      const { user, anonymous } = person;
      return { projectId: visit.projectId, user, device: anonymous.length > 0 ? anonymous : device };
    });
    const sessions = await this.#sessionsOf(owners, visit.nowMs);
    const additions = persons.map((person, i) => {
      const added: Buffer[] = [];
      if (isUnnamed(person) && pseudonym !== undefined) added.push(encodeId("anonymous_id", pseudonym));
      const session = sessions[i];
      if (session !== undefined) added.push(encodeId("session_id", session));
      return Buffer.concat(added);
    });
    return withAdditions(frame, additions);
  }

  async #pseudonym({ projectId, address, userAgent, nowMs }: Visit): Promise<string | undefined> {
    if (address === "") return undefined;
    const signal = AbortSignal.timeout(SALT_TIMEOUT_MS);
    const salt = await this.#salt(nowMs, { signal }).catch(() => undefined);
    return salt === undefined ? undefined : pseudonymOf(salt, projectId, address, userAgent);
  }

  /** The session of each, one after the other: those of one device depend on each other. */
  async #sessionsOf(owners: readonly (SessionOwner | undefined)[], nowMs: number): Promise<(string | undefined)[]> {
    const found = new Map<string, string>();
    const sessions: (string | undefined)[] = [];
    for (const owner of owners) {
      const key = owner === undefined ? "" : keyOf(owner);
      if (owner !== undefined && key !== "" && !found.has(key)) {
        const looked = found.size < VISITORS_LOOKED_UP_MAX ? this.#sessions : WITHOUT_CACHE;
        found.set(key, await looked.of(owner, nowMs));
      }
      sessions.push(found.get(key));
    }
    return sessions;
  }
}

const WITHOUT_CACHE = new Sessions(undefined);

/** Tells owners of a project apart; "" for nobody. */
function keyOf({ user, device }: SessionOwner): string {
  if (user.length + device.length === 0) return "";
  return `${user.length} ${Buffer.concat([user, device]).toString("latin1")}`;
}

function isUnnamed(person: Person | undefined): boolean {
  return person !== undefined && person.user.length === 0 && person.anonymous.length === 0;
}

/** Also for whoever is signed in: the session may have begun before. */
function needsPseudonym(person: Person | undefined): boolean {
  return isUnnamed(person) || (person?.hasSession === false && person.anonymous.length === 0);
}

/** The frame with bytes put at the end of its events, as far as these stay within the limit of an event. */
function withAdditions(frame: BatchFrame, additions: readonly Buffer[]): BatchFrame {
  const parts: Uint8Array[] = [];
  const ranges = new Int32Array(2 * frame.count);
  let at = 0;
  for (const [i, addition] of additions.entries()) {
    const event = frame.bytes.subarray(frame.ranges[2 * i]!, frame.ranges[2 * i + 1]!);
    const fits = event.length + addition.length <= EVENT_LIMITS.eventBytes;
    ranges[2 * i] = at;
    at += event.length + (fits ? addition.length : 0);
    ranges[2 * i + 1] = at;
    parts.push(event);
    if (fits) parts.push(addition);
  }
  return { bytes: Buffer.concat(parts, at), count: frame.count, ranges, sentAtMs: frame.sentAtMs };
}
