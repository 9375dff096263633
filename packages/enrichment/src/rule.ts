/** The fields that are derived from an event's properties, in the names that dimensions and filters use. */
export const DERIVED_FIELDS = [
  "page",
  "referrer_source",
  "browser",
  "os",
  "device",
  "bot",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content",
] as const;

/** The name of a derived field. */
export type DerivedField = (typeof DERIVED_FIELDS)[number];

/** The properties that derived fields are made from. */
export const INPUT_PROPERTIES = [
  "url",
  "page",
  "path",
  "referrer",
  "user_agent",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content",
] as const;

/** The key of a property that derived fields are made from. */
export type InputProperty = (typeof INPUT_PROPERTIES)[number];

/**
 * What is known of an event: the text of its properties, absent where it has none. Where an event has no property
 * `user_agent`, the one that ingest stamped takes its place.
 */
export type EnrichmentInput = { readonly [Property in InputProperty]?: string | undefined };

/** How one field is derived. */
export type Rule = {
  /** The properties that it reads. */
  readonly inputs: readonly InputProperty[];
  /**
   * The field's value: at most 200 bytes of UTF-8, "" for what is not known. Never throws, whatever the input, and is a
   * pure function of it: the same event folded again must give the same tuple.
   */
  readonly derive: (input: EnrichmentInput) => string;
};

/** How each derived field is derived, in one version. */
export type Rules = Readonly<Record<DerivedField, Rule>>;
