import { createHash } from "node:crypto";
import type { Cache } from "@millrace/cache";
import { OptionalLookup } from "../optional-lookup.ts";
import { daySessionOf, sessionBegunBy } from "./pseudonym.ts";

/** A session ends when its visitor sent nothing for so long. */
const SESSION_IDLE_MS = 30 * 60_000;

/** For how long a session remembers who signed in: longer than nearly all last. */
const SIGNED_IN_MS = 24 * 3_600_000;

/** Whoever waits for an answer does not wait longer than this for a session. */
const LOOKUP_TIMEOUT_MS = 100;

/** Who is in a session. Either id may be empty, and is not known then; they have at most 128 bytes. */
export type SessionOwner = {
  readonly projectId: string;
  /** The anonymous id, or the pseudonym. */
  readonly device: Uint8Array;
  readonly user: Uint8Array;
};

/**
 * The sessions of visitors, which live in the cache for as long as their visitors send something. Who signs in stays in
 * the session that they came in; a second user, whose device has the same pseudonym, has another. Without the cache a
 * session is the device's day: coarser, and never wrong in what it counts.
 */
export class Sessions {
  readonly #cache: Cache | undefined;
  readonly #lookup = new OptionalLookup(LOOKUP_TIMEOUT_MS, () => performance.now());
  /** The last lookup of each device that is under way: one at a time, since a visitor's first requests come together. */
  readonly #turns = new Map<string, Promise<string | undefined>>();

  constructor(cache: Cache | undefined) {
    this.#cache = cache;
  }

  /** The session id of somebody who sends something now. Never fails. */
  async of(owner: SessionOwner, nowMs: number): Promise<string> {
    const cache = this.#cache;
    const found = cache === undefined ? undefined : await this.#inTurn(cache, owner, nowMs);
    return found ?? daySessionOf(owner.projectId, owner.device.length > 0 ? owner.device : owner.user, nowMs);
  }

  #inTurn(cache: Cache, owner: SessionOwner, nowMs: number): Promise<string | undefined> {
    const device = keyOf("device", owner.projectId, owner.device);
    const user = keyOf("user", owner.projectId, owner.user);
    const queue = device ?? user ?? "";
    const waited = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
    const turn = (this.#turns.get(queue) ?? Promise.resolve())
      .then(() =>
        waited.aborted ? undefined : this.#lookup.find((signal) => find(cache, { device, user, nowMs }, signal)),
      )
      .finally(() => {
        if (this.#turns.get(queue) === turn) this.#turns.delete(queue);
      });
    this.#turns.set(queue, turn);
    return turn;
  }
}

/** Who sends something now, by keys of the cache. */
type Sender = { readonly device: string | undefined; readonly user: string | undefined; readonly nowMs: number };

async function find(cache: Cache, { device, user, nowMs }: Sender, signal: AbortSignal): Promise<string> {
  const options = { signal };
  const read = async (key: string): Promise<string | undefined> => {
    const value = await cache.get(key, options);
    return value === undefined ? undefined : Buffer.from(value).toString("latin1");
  };
  const write = (key: string, text: string, ttlMs: number): Promise<void> =>
    cache.set(key, Buffer.from(text, "latin1"), ttlMs, options);
  /** False where somebody else is signed in within the session. */
  async function signIn(session: string, by: string): Promise<boolean> {
    const key = `session/signed-in/${session}`;
    const signedIn = await read(key);
    if (signedIn === undefined) await write(key, by, SIGNED_IN_MS);
    return signedIn === undefined || signedIn === by;
  }

  const ofDevice = device === undefined ? undefined : await read(device);
  const ofUser = user === undefined ? undefined : await read(user);
  let session = user === undefined ? ofDevice : ofUser;
  if (session === undefined && user !== undefined && ofDevice !== undefined) {
    if (await signIn(ofDevice, user)) session = ofDevice;
  }
  if (session === undefined) {
    // A visitor's first requests may come to several processes at once. A session lives for as long as a span or longer, so
    // that nobody begins two within one.
    session = sessionBegunBy(
      (ofDevice === undefined ? device : undefined) ?? user ?? "",
      Math.floor(nowMs / SESSION_IDLE_MS),
    );
    if (user !== undefined && ofDevice === undefined) await signIn(session, user);
  }
  const isDevices = ofDevice === session || (ofDevice === undefined && ofUser === undefined);
  if (device !== undefined && isDevices) await write(device, session, SESSION_IDLE_MS);
  if (user !== undefined) await write(user, session, SESSION_IDLE_MS);
  return session;
}

/** A hash, so that keys are short, and the cache learns no id. */
function keyOf(kind: "device" | "user", projectId: string, id: Uint8Array): string | undefined {
  if (id.length === 0) return undefined;
  return `session/${kind}/${createHash("sha256").update(`${projectId}\0`).update(id).digest("base64url")}`;
}
