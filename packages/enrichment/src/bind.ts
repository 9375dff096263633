import type { DerivedField, EnrichmentInput, InputProperty, Rule } from "./rule.ts";

/** The value of a property, as the fold holds it. */
type PropertyValue = string | number | boolean;

/**
 * A field bound to where the fold keeps the properties that it needs: `slotOf` is asked once for each, and gives the
 * index in `slots` at which its value will stand, undefined where an event has none. `bot` reads as a boolean. A value
 * is derived when it is read, so a plan pays only for the fields that it names.
 */
export type BoundField = (
  slotOf: (key: string) => number,
) => (event: { readonly userAgent: string }, slots: readonly (PropertyValue | undefined)[]) => string | boolean;

export function bindField(field: DerivedField, rule: Rule): BoundField {
  return (slotOf) => {
    const places = rule.inputs.map((key) => ({ key, slot: slotOf(key) }));
    const readsUserAgent = rule.inputs.includes("user_agent");
    // One object for all events: a rule keeps nothing of its input.
    const input: { -readonly [Property in InputProperty]: EnrichmentInput[Property] } = {
      url: undefined,
      page: undefined,
      path: undefined,
      referrer: undefined,
      user_agent: undefined,
      utm_source: undefined,
      utm_medium: undefined,
      utm_campaign: undefined,
      utm_term: undefined,
      utm_content: undefined,
    };
    return (event, slots) => {
      for (const { key, slot } of places) {
        const value = slots[slot];
        input[key] = value === undefined || typeof value === "string" ? value : String(value);
      }
      if (readsUserAgent) input.user_agent ||= event.userAgent;
      const derived = rule.derive(input);
      return field === "bot" ? derived === "true" : derived;
    };
  };
}
