import { createHmac, randomBytes } from "node:crypto";
import type { Event } from "@millrace/api/millrace/event/v1/event_pb";

/** 60 bits: two ids of a call are never the same by chance. */
const LENGTH = 10;

/** Pseudonyms for ids: the same for the same id, and of no meaning to anybody once this is gone. */
export class Pseudonyms {
  readonly #key = randomBytes(32);

  /** The pseudonym of an id: 10 letters, digits, "-" or "_"; "" for "". */
  of(id: string): string {
    if (id === "") return "";
    return createHmac("sha256", this.#key).update(id).digest("base64url").slice(0, LENGTH);
  }

  /** Replaces the user, anonymous and session ids of an event. */
  mask(event: Event): void {
    event.userId = this.of(event.userId);
    event.anonymousId = this.of(event.anonymousId);
    event.sessionId = this.of(event.sessionId);
  }
}
