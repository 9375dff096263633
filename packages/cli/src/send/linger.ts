/**
 * Passes items on, and tells each `ms` in which none came by an `undefined`, so that what waits for more need not wait for
 * ever: `tail -f` never ends.
 */
export async function* withQuiet<T extends object>(
  items: AsyncIterable<T>,
  ms: number,
): AsyncGenerator<T | undefined, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const result = await within(next, ms);
      if (result === undefined) {
        yield undefined;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    // Its answer is of no use any more, and neither is its failure.
    next.catch(() => undefined);
    void iterator.return?.()?.catch(() => undefined);
  }
}

/** The result, or undefined when it takes longer. */
function within<T>(result: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    result.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
