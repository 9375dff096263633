import type { MetricSource } from "./sources.ts";

/** The kinds of instruments; "gauge" and those that begin with "observable" are asked for their values when they are read. */
export type InstrumentKind =
  | "counter"
  | "updown"
  | "histogram"
  | "observable-gauge"
  | "observable-counter"
  | "observable-updown";

/** An attribute of a metric. Every attribute is bounded: by the list of its values, or as `bound` says. */
export type AttributeDeclaration = {
  readonly name: string;
  /** What its value says. */
  readonly meaning: string;
  /** All values that it can have. */
  readonly values?: readonly string[];
  /** How many values it can have, and why no more, where they can't be listed. */
  readonly bound?: string;
};

/** A metric, as everybody must know it who makes it, reads it or alerts on it. */
export type MetricDeclaration = {
  readonly kind: InstrumentKind;
  /** As UCUM writes it: `s`, `By`, `1` for a part of a whole, `{thing}` for a number of things. */
  readonly unit: string;
  /** One sentence. */
  readonly meaning: string;
  readonly from: readonly MetricSource[];
  readonly attributes: readonly AttributeDeclaration[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** "servers": only where there are Kafka and Redis, so not in the one process of `npm start`. */
  readonly only?: "servers";
  /** It has no series before what it counts has happened, which may be never: anywhere, or in these. */
  readonly rare?: true | readonly MetricSource[];
  /** Series that a counter begins with at 0, so that the first time can be told from a start of the process. */
  readonly zeros?: readonly Readonly<Record<string, string>>[];
};
