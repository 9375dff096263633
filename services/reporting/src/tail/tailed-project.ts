import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  type TailRequest,
  type TailResponse,
  TailResponseSchema,
} from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { TailedEvent } from "@millrace/api/millrace/reporting/v1/tail_pb";
import { RECENT_MAX, Sample } from "@millrace/tail";
import { Bell } from "../watch/bell.ts";
import { Allowance } from "./allowance.ts";
import { derivedFields, type IsWanted, wantedEvents } from "./event-fields.ts";
import type { ProcessedEvent } from "./processed-event.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import type { TailListener } from "./tail-feed.ts";

const EVENTS_PER_SECOND_DEFAULT = 20;

/** What a tail holds for a reader that does not read, in bytes of events as they were sent. */
const HELD_BYTES_MAX = 1024 * 1024;

/** Places of the first events are remembered: recent ones may come after them, or be told again. */
const REMEMBERED_MAX = 2_000;

/**
 * What one tail has heard and not yet sent. It holds no more events than it may send within a second, whatever its reader
 * does: of more it keeps a sample, and counts the others.
 */
export class TailedProject implements TailListener {
  /** Rings when there is something to send. */
  readonly bell = new Bell();
  /** Asks for recent events; undefined when none are wanted. */
  readonly recentRequest: { readonly request: string; readonly count: number } | undefined;
  readonly #isWanted: IsWanted | undefined;
  readonly #derive = derivedFields();
  readonly #pseudonyms: Pseudonyms | undefined;
  readonly #allowance: Allowance;
  readonly #sample: Sample<ProcessedEvent>;
  readonly #heard = new Set<string>();
  #recent: ProcessedEvent[] = [];
  #recentLeft: number;
  #hasGap = false;

  /** @throws Failure `invalid` for a wrong filter */
  constructor({ names, filter, maskIds, maxEventsPerSecond, recentCount }: TailRequest, random: () => number) {
    this.#isWanted = wantedEvents(names, filter);
    this.#pseudonyms = maskIds ? new Pseudonyms() : undefined;
    const perSecond = maxEventsPerSecond === 0 ? EVENTS_PER_SECOND_DEFAULT : maxEventsPerSecond;
    this.#allowance = new Allowance(perSecond);
    this.#sample = new Sample({ itemsMax: perSecond, bytesMax: HELD_BYTES_MAX }, random);
    this.#recentLeft = recentCount;
    const count = this.#isWanted === undefined ? recentCount : RECENT_MAX;
    this.recentRequest = recentCount === 0 ? undefined : { request: randomUUID(), count };
  }

  processed(events: readonly ProcessedEvent[], skipped: number): void {
    this.#sample.skip(skipped);
    for (const event of events) {
      if (!this.#isNew(event) || this.#isWanted?.(event) === false) continue;
      if (!this.#sample.wants()) continue;
      event.keep();
      this.#sample.put(event, event.length);
    }
    if (!this.#sample.isEmpty) this.bell.ring();
  }

  recent(request: string, events: readonly ProcessedEvent[]): void {
    if (request !== this.recentRequest?.request) return;
    for (const event of events) {
      if (this.#isNew(event) && this.#isWanted?.(event) !== false) this.#recent.push(event);
    }
    if (this.#recent.length > 0) this.bell.ring();
  }

  missed(): void {
    this.#hasGap = true;
    this.bell.ring();
  }

  /**
   * What there is to send, which is forgotten; undefined for nothing, or when it is too early.
   *
   * @param nowMs by a clock that never goes back
   */
  take(nowMs: number): TailResponse | undefined {
    const recent = this.#takeRecent();
    const allowed = this.#allowance.left(nowMs);
    const { items, skipped } = allowed > 0 ? this.#sample.take({ itemsMax: allowed }) : { items: [], skipped: 0 };
    this.#allowance.use(items.length, nowMs);
    const isGap = this.#hasGap;
    this.#hasGap = false;
    if (recent.length === 0 && items.length === 0 && skipped === 0 && !isGap) return undefined;
    const events = [...recent, ...items].map((event) => this.#tailed(event));
    return create(TailResponseSchema, { events, skippedCount: BigInt(skipped), isGap });
  }

  /** The newest of the recent events that have come, by when they were received: several processors may have answered. */
  #takeRecent(): readonly ProcessedEvent[] {
    if (this.#recent.length === 0) return [];
    const sorted = this.#recent.sort((a, b) => a.receivedAtMs - b.receivedAtMs);
    this.#recent = [];
    const newest = this.#recentLeft === 0 ? [] : sorted.slice(-this.#recentLeft);
    this.#recentLeft -= newest.length;
    return newest;
  }

  /** Whether an event was not heard of yet, as far as is remembered. Only tails that ask for recent ones need to. */
  #isNew({ place }: ProcessedEvent): boolean {
    if (this.recentRequest === undefined) return true;
    if (this.#heard.has(place)) return false;
    if (this.#heard.size < REMEMBERED_MAX) this.#heard.add(place);
    return true;
  }

  #tailed(event: ProcessedEvent): TailedEvent {
    const tailed = event.toTailed(this.#derive(event));
    this.#pseudonyms?.mask(tailed.event!);
    return tailed;
  }
}
