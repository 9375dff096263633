import { isMap, type Node, type Pair, parseDocument } from "yaml";

/** One value of values.yaml, with the comment above it. */
export type DocumentedValue = {
  /** Such as "kafka.tls.enabled". */
  readonly path: string;
  /** The comment as one line; empty where there is none. */
  readonly comment: string;
  /** What it is set to, as JSON; undefined for what only holds other values. */
  readonly value: string | undefined;
};

/** All values of a values.yaml, in its order. */
export function documentedValues(source: string): readonly DocumentedValue[] {
  const document = parseDocument(source);
  if (document.errors.length > 0) throw document.errors[0];
  return isMap(document.contents) ? valuesOf(document.contents.items as Pair<Node, Node>[], "", first(source)) : [];
}

/** The parser takes a comment above the first key for the document's. */
function first(source: string): string {
  const lines = source.split("\n");
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith("#")),
    )
    .map((line) => line.slice(1))
    .join("\n");
}

function valuesOf(pairs: readonly Pair<Node, Node>[], prefix: string, ofFirst?: string | null): DocumentedValue[] {
  return pairs.flatMap(({ key, value }, index) => {
    const path = `${prefix}${String((key as { value?: unknown }).value)}`;
    const comment = line(key.commentBefore ?? (index === 0 ? ofFirst : undefined));
    const holds = isMap(value) && value.items.length > 0 && value.flow !== true;
    if (!holds) return [{ path, comment, value: JSON.stringify(value?.toJS(parseDocument("")) ?? null) }];
    const under = valuesOf(value.items as Pair<Node, Node>[], `${path}.`, value.commentBefore);
    return [{ path, comment, value: undefined }, ...under];
  });
}

function line(comment: string | null | undefined): string {
  return (comment ?? "").replaceAll(/\s+/g, " ").trim();
}
