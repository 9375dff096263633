import { hashWords, murmur3Text } from "@millrace/hash";

/** Numbers from 0 inclusive to 1 exclusive. */
export type Random = () => number;

/**
 * Random numbers that are the same for the same text: sfc32 (Chris Doty-Humphrey's small fast counting generator),
 * started from the text's murmur3-128.
 */
export function randomOf(text: string): Random {
  murmur3Text(text, 0);
  let [a, b, c, counter] = [hashWords[0]!, hashWords[1]!, hashWords[2]!, hashWords[3]!];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** Something that is chosen as often as its weight says. */
export type Weighted<T> = readonly (readonly [item: T, weight: number])[];

/** Chooses one of them. */
export function pick<T>(random: Random, choices: Weighted<T>): T {
  let total = 0;
  for (const [, weight] of choices) total += weight;
  let rest = random() * total;
  for (const [item, weight] of choices) {
    rest -= weight;
    if (rest < 0) return item;
  }
  return choices.at(-1)![0];
}

/** Chooses one of a list, all alike. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)]!;
}
