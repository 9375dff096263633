import { Failure } from "@millrace/failure";
import { DERIVED_FIELDS, OWN_FIELDS } from "@millrace/rollup";

const PREFIX = "properties.";
const KEY_BYTES_MAX = 128;
/** Keys that no event may have, since they could reach into a program's objects. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

const OWN: ReadonlySet<string> = new Set(OWN_FIELDS);
const DERIVED: ReadonlySet<string> = new Set(DERIVED_FIELDS);

/** What a name in a definition stands for: a field of the event itself, one that enrichment derives, or a property. */
export type FieldKind = "own" | "derived" | "property";

/** The kind of field that a canonical name stands for. */
export function fieldKind(name: string): FieldKind {
  if (OWN.has(name)) return "own";
  return DERIVED.has(name) ? "derived" : "property";
}

/**
 * The one name of a field: "properties.KEY" is written as KEY wherever that means the same, so that a rollup by
 * "properties.country" answers questions by "country".
 *
 * @param path where the name stands in the request
 * @throws Failure `invalid` when no event can have a property with that key
 */
export function canonicalField(name: string, path: string): string {
  const key = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  if (key === name && fieldKind(name) !== "property") return name;
  const bytes = Buffer.byteLength(key);
  if (bytes === 0) throw Failure.invalidField(path, `${JSON.stringify(name)} names no property`);
  if (bytes > KEY_BYTES_MAX) {
    throw Failure.invalidField(path, `is a key of ${bytes} bytes; properties' keys have at most ${KEY_BYTES_MAX}`);
  }
  if (FORBIDDEN_KEYS.has(key))
    throw Failure.invalidField(path, `${JSON.stringify(key)} is a key that no event may have`);
  return fieldKind(key) !== "property" || key.startsWith(PREFIX) ? name : key;
}
