import { hashWords, murmur3Text } from "@millrace/hash";

/**
 * The id of the event of a record: the same for the same record at the same place of the same series, so that a file
 * sent again doubles nothing.
 *
 * @param seed tells apart series that would be the same otherwise
 * @param position the record's number in its file, from 0
 * @param content what the record says
 * @returns 32 hexadecimal digits: murmur3-128
 */
export function eventIdOf(seed: string, position: number, content: string): string {
  murmur3Text(`${seed}\n${position}\n${content}`, 0);
  return hexOfHash(hashWords);
}

/** The 128 bits of a hash in hexadecimal digits. */
export function hexOfHash(words: Uint32Array): string {
  let text = "";
  for (const word of words) text += word.toString(16).padStart(8, "0");
  return text;
}
