/**
 * UTC offsets of IANA zones, found by asking Intl and remembered. Intl is slow (some 0.3 M answers a second) and has no
 * way to ask when an offset changes, so changes are looked for by probing at a fixed step and bisecting.
 *
 * What is remembered is bounded: zones by their number in the zone database, and each zone by the years below.
 */

/** A stretch of time in which a zone's offset stays the same: [from, to) in epoch milliseconds. */
export type Stretch = { readonly from: number; readonly to: number; readonly offsetMs: number };

/** Changes of a zone are weeks apart; a day leaves a margin. */
const PROBE_MS = 86_400_000;
/** Offsets are found and remembered in pieces of 400 days. */
const PIECE_MS = 400 * PROBE_MS;
/** Before 1900 and after 2100 a zone keeps the offset that it has there. */
const FIRST_PIECE = Math.floor(Date.UTC(1900, 0, 1) / PIECE_MS);
const LAST_PIECE = Math.floor(Date.UTC(2100, 0, 1) / PIECE_MS);

/** The offsets of one zone. */
export class ZoneOffsets {
  /** The zone's name as Intl knows it. */
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #pieces = new Map<number, readonly Stretch[]>();
  /** The stretch of the last answer: questions come in runs. */
  #last: Stretch = { from: 0, to: 0, offsetMs: 0 };

  /** @throws RangeError when Intl does not know the zone. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    this.name = this.#format.resolvedOptions().timeZone;
  }

  /** The stretch that holds a moment. It may end where the offset does not change. */
  at(epochMs: number): Stretch {
    const last = this.#last;
    if (epochMs >= last.from && epochMs < last.to) return last;
    const index = Math.min(Math.max(Math.floor(epochMs / PIECE_MS), FIRST_PIECE), LAST_PIECE);
    let piece = this.#pieces.get(index);
    if (piece === undefined) {
      piece = this.#find(index);
      this.#pieces.set(index, piece);
    }
    let i = piece.length - 1;
    while (i > 0 && piece[i]!.from > epochMs) i--;
    this.#last = piece[i]!;
    return this.#last;
  }

  #find(index: number): readonly Stretch[] {
    const end = (index + 1) * PIECE_MS;
    const stretches: Stretch[] = [];
    let from = index === FIRST_PIECE ? Number.NEGATIVE_INFINITY : index * PIECE_MS;
    let same = index * PIECE_MS;
    let offsetMs = this.#ask(same);
    while (same < end) {
      const probe = Math.min(same + PROBE_MS, end);
      if (this.#ask(probe) === offsetMs) {
        same = probe;
        continue;
      }
      same = this.#change(same, probe, offsetMs);
      if (same === end) break;
      stretches.push({ from, to: same, offsetMs });
      from = same;
      offsetMs = this.#ask(same);
    }
    stretches.push({ from, to: index === LAST_PIECE ? Number.POSITIVE_INFINITY : end, offsetMs });
    return stretches;
  }

  /** The first whole second in (low, high], both whole seconds, whose offset is not `offsetMs`. */
  #change(low: number, high: number, offsetMs: number): number {
    let same = low / 1000;
    let other = high / 1000;
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.#ask(middle * 1000) === offsetMs) same = middle;
      else other = middle;
    }
    return other * 1000;
  }

  #ask(epochMs: number): number {
    const seconds = Math.floor(epochMs / 1000) * 1000;
    // "M/D/YYYY, HH:MM:SS"
    const [month, day, year, hour, minute, second] = this.#format.format(seconds).split(/\D+/).map(Number);
    return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - seconds;
  }
}
