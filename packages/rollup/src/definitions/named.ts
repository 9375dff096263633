import { Failure } from "@millrace/failure";

/** What a map has under `key`, which definitions that config has checked always have. */
export function named<K, V>(map: ReadonlyMap<K, V>, key: K, noun: string): V {
  const value = map.get(key);
  if (value === undefined) throw new Failure("corrupt", "DATA_CORRUPT", `the definitions have no ${noun} ${key}`);
  return value;
}
