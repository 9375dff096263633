import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";

/** What the events of a test are told apart by. */
const KINDS = ["view", "click", "order", "refund", "signup", "search", "share"] as const;

const BATCH_EVENTS = 100;
const CENTS_MAX = 9_973;

/** What a report must say of one kind. */
export type Total = { readonly kind: string; readonly count: number; readonly amount: string };

type Event = MessageInitShape<typeof EventSchema>;

/** The events of one test, and what they add up to. */
export type Plan = { readonly batches: readonly (readonly Event[])[]; readonly totals: readonly Total[] };

/**
 * What is sent: `count` different events with ids, in batches of which each is there twice, once in another order, and of which
 * some hold an event twice themselves. What must come out is added up from the different ones, in whole cents.
 *
 * @param run tells the events of one test from those of all others
 */
export function planOf(run: string, count: number, nowMs: number): Plan {
  const sums = new Map<string, { count: number; cents: number }>();
  const events = Array.from({ length: count }, (_, index): Event => {
    const kind = KINDS[index % KINDS.length]!;
    const cents = (index * 7_919) % CENTS_MAX;
    const sum = sums.get(kind) ?? { count: 0, cents: 0 };
    sums.set(kind, { count: sum.count + 1, cents: sum.cents + cents });
    return {
      eventId: `${run}-${index}`,
      name: "selftest",
      time: timestampFromMs(nowMs),
      properties: { run, kind, amount: cents / 100 },
    };
  });
  const batches: Event[][] = [];
  for (let from = 0; from < count; from += BATCH_EVENTS) {
    const batch = events.slice(from, from + BATCH_EVENTS);
    batches.push([...batch, batch[0]!], batch.toReversed());
  }
  const totals = [...sums].map(([kind, sum]) => ({ kind, count: sum.count, amount: decimal(sum.cents) }));
  return { batches, totals: totals.sort(byKind) };
}

/** In what a report differs from what was sent, for people; empty when it is exact. */
export function differencesOf(expected: readonly Total[], reported: readonly Total[]): readonly string[] {
  const kinds = new Set([...expected, ...reported].map(({ kind }) => kind));
  return [...kinds].sort().flatMap((kind) => {
    const [want, got] = [expected, reported].map((totals) => totals.find((total) => total.kind === kind));
    if (want?.count === got?.count && want?.amount === got?.amount) return [];
    return [`${kind}: ${textOf(got)} instead of ${textOf(want)}`];
  });
}

function textOf(total: Total | undefined): string {
  return total === undefined ? "nothing" : `${total.count} events that sum up to ${total.amount}`;
}

function byKind(a: Total, b: Total): number {
  return a.kind < b.kind ? -1 : 1;
}

/** A sum as reports write it: exact, without trailing zeros. */
function decimal(cents: number): string {
  return (cents / 100).toFixed(2).replace(/\.?0+$/, "");
}
