import { Failure } from "@millrace/failure";
import { print } from "./options.ts";

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

/** Prints one thing: a line for each of its values. */
export function describe(values: readonly (readonly [label: string, value: string])[]): void {
  const width = Math.max(...values.map(([label]) => label.length));
  for (const [label, value] of values) print(`${label.padEnd(width)}  ${value === "" ? "-" : value}`);
}
