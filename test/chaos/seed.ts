/** Chance from a seed: numbers from 0 to less than 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The run's seed: that of `MILLRACE_CHAOS_SEED`, or another each time. */
export function chaosSeed(): number {
  return Number(process.env["MILLRACE_CHAOS_SEED"] ?? Date.now() % 1_000_000);
}

/** The items in an order by chance. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** How long a long test disturbs, in milliseconds, unless `MILLRACE_CHAOS_MS` says otherwise. */
export function chaosMs(usualMs: number): number {
  return Number(process.env["MILLRACE_CHAOS_MS"] ?? usualMs);
}
