/** How long and how often a condition is looked at. */
export type Patience = { readonly withinMs?: number; readonly everyMs?: number };

/**
 * Waits until `look` gives something other than `undefined` or `false`, and gives that.
 *
 * @param what what is waited for, for the error: "the server is ready"
 * @throws Error when it did not come in time, with what `look` threw last, if it did
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs = 30_000, everyMs = 25 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain until ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
