import { LRUCache } from "lru-cache";

/**
 * Remembers the answers of a pure function of text. Few different texts make most events, and an answer from memory is
 * a hundred times faster than parsing a user agent.
 *
 * @param most how many answers are kept; the one unused for the longest goes first
 */
export function remember<Answer extends object>(
  most: number,
  work: (text: string) => Answer,
): (text: string) => Answer {
  const answers = new LRUCache<string, Answer>({ max: most });
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = work(text);
    answers.set(text, answer);
    return answer;
  };
}
