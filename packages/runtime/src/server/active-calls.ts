/** The calls under way, for whoever must wait until there are none. */
export type ActiveCalls<T> = {
  add: (call: T) => void;
  delete: (call: T) => void;
  values: () => readonly T[];
  /** Resolves as soon as no call is under way. */
  idle: () => Promise<void>;
};

/** No calls yet. */
export function createActiveCalls<T>(): ActiveCalls<T> {
  const calls = new Set<T>();
  let waiting: (() => void)[] = [];
  return {
    add: (call) => void calls.add(call),
    delete(call) {
      calls.delete(call);
      if (calls.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    values: () => [...calls],
    idle: () => (calls.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
