import { Failure } from "@millrace/failure";

const ITEMS_MAX = 100_000;

/** Every item of a paged list. */
export async function everyItem<T>(
  page: (pageToken: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token = "";
  do {
    const { items, next } = await page(token);
    all.push(...items);
    token = next;
    if (all.length > ITEMS_MAX) throw new Failure("outOfRange", "RESULT_TOO_LARGE", `there are more than ${ITEMS_MAX}`);
  } while (token !== "");
  return all;
}
