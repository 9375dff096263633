import type { Cache } from "@millrace/cache";
import { EVENT_LIMITS } from "../event-limits.ts";
import type { OutcomeCounters } from "../outcome-counters.ts";
import type { BatchFrame } from "../scan/batch-frame.ts";
import { encodeId, type Person, personOf } from "./person-of.ts";
import { pseudonymOf } from "./pseudonym.ts";
import { Sessions } from "./sessions.ts";

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
    const unnamed = persons.filter((person) => person?.visitor.length === 0).length;
    const pseudonym = unnamed === 0 ? undefined : await this.#pseudonym(visit);
    if (unnamed > 0 && pseudonym === undefined) this.#counters.visitorUnknown(visit.projectId, unnamed);
    const visitorOf = (person: Person): Uint8Array =>
      person.visitor.length > 0 ? person.visitor : Buffer.from(pseudonym ?? "", "latin1");
    const withoutSession = persons.filter((person) => person?.hasSession === false) as Person[];
    const sessions = await this.#sessionsOf(withoutSession.map(visitorOf), visit);
    const additions = persons.map((person) => {
      const added: Buffer[] = [];
      if (person?.visitor.length === 0 && pseudonym !== undefined) added.push(encodeId("anonymous_id", pseudonym));
      const session = person?.hasSession === false ? sessions.get(keyOf(visitorOf(person))) : undefined;
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

  /** The sessions of visitors, by `keyOf` of each; an empty one is nobody, and has none. */
  async #sessionsOf(visitors: readonly Uint8Array[], { projectId, nowMs }: Visit): Promise<Map<string, string>> {
    const distinct = new Map(visitors.filter(({ length }) => length > 0).map((visitor) => [keyOf(visitor), visitor]));
    const found = await Promise.all(
      [...distinct].map(async ([key, visitor], i): Promise<[string, string]> => {
        const isLookedUp = i < VISITORS_LOOKED_UP_MAX;
        return [key, await (isLookedUp ? this.#sessions : WITHOUT_CACHE).of(projectId, visitor, nowMs)];
      }),
    );
    return new Map(found);
  }
}

const WITHOUT_CACHE = new Sessions(undefined);

function keyOf(visitor: Uint8Array): string {
  return Buffer.from(visitor.buffer, visitor.byteOffset, visitor.length).toString("latin1");
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
