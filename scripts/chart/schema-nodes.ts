/** A JSON schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };

/** A map of exactly these values. */
export function map(properties: Readonly<Record<string, Schema>>): Schema & { properties: Record<string, Schema> } {
  return { type: "object", additionalProperties: false, properties: { ...properties } };
}

/** What Kubernetes or another judges, not the chart. */
export const foreignMap: Schema = { type: "object" };

/** Texts by name, such as labels. */
export const texts: Schema = { type: "object", additionalProperties: { type: "string" } };

/** A list. */
export function list(items: Schema): Schema {
  return { type: "array", items };
}

/** A list of what Kubernetes judges. */
export const foreignList = list(foreignMap);

/** A list of texts of a form. */
export function textList(pattern?: string): Schema {
  return { ...list(text(pattern)), uniqueItems: true };
}

/** A text, any or of a form; empty where the form allows it. */
export function text(pattern?: string): Schema {
  return pattern === undefined ? { type: "string" } : { type: "string", pattern };
}

/** A text that may not be empty. */
export const name: Schema = { type: "string", minLength: 1 };

/** One of a few words. */
export function oneOf(...words: string[]): Schema {
  return { type: "string", enum: words };
}

/** Yes or no. */
export const flag: Schema = { type: "boolean" };

/** A whole number; bounds are inclusive. */
export function whole(minimum: number, maximum?: number): Schema {
  return { type: "integer", minimum, ...(maximum !== undefined && { maximum }) };
}

/** A whole number, or null. */
export function wholeOrNull(minimum: number, maximum?: number): Schema {
  return { ...whole(minimum, maximum), type: ["integer", "null"] };
}

/** A number of pods or a share of them; with `mayBeEmpty` also "" or null. */
export function share(mayBeEmpty = false): Schema {
  const shares = [whole(0), text("^[0-9]{1,3}%$")];
  return { anyOf: mayBeEmpty ? [...shares, { type: "null" }, oneOf("")] : shares };
}

/** A port. */
export const port = whole(1, 65_535);

/** A duration of Go, such as 2160h. */
export const goDuration = text("^([0-9]+(h|m|s|ms))+$");
