import { hashWords, murmur3Text } from "@millrace/hash";

/** Which of `slots` slots stores a tuple: word 0 of the murmur3 of its UTF-8 modulo `slots`. Stored data depend on it. */
export function slotOf(tuple: string, slots: number): number {
  if (slots <= 1) return 0;
  murmur3Text(tuple, 0);
  return hashWords[0]! % slots;
}
