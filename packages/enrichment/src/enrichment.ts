import { Failure } from "@millrace/failure";
import { type BoundField, bindField } from "./bind.ts";
import { DERIVED_FIELDS, type DerivedField, type EnrichmentInput, type Rules } from "./rule.ts";
import { version1 } from "./version-1.ts";
import { version2 } from "./version-2.ts";

/** The versions that can be derived with: the current one and those that records in the log may still name. */
export const ENRICHMENT_VERSIONS = [1, 2] as const;

/** The version that ingest stamps new records with, once every processor has it. */
export const CURRENT_VERSION = 2;

/** Derives fields by the rules of one version. Versions are independent of each other and may be used side by side. */
export type Enrichment = {
  readonly version: number;
  /** One field of an event: at most 200 bytes of UTF-8, "" for what is not known; "true" or "false" for `bot`. */
  derive(field: DerivedField, input: EnrichmentInput): string;
  /** Whether the event is a bot's. */
  isBot(input: EnrichmentInput): boolean;
  /** All fields by name, in the form in which the fold reads them. See {@link BoundField}. */
  readonly fields: ReadonlyMap<DerivedField, BoundField>;
};

const enrichments: ReadonlyMap<number, Enrichment> = new Map([
  [1, fromRules(1, version1)],
  [2, fromRules(2, version2)],
]);

/**
 * The enrichment of a version.
 *
 * @param version one of {@link ENRICHMENT_VERSIONS}
 * @throws Failure `precondition` when this release does not have the version: whoever folds has to wait for one that does
 */
export function enrichment(version: number): Enrichment {
  const found = enrichments.get(version);
  if (found === undefined) {
    const known = ENRICHMENT_VERSIONS.join(", ");
    throw new Failure("precondition", "INTERNAL", `enrichment version ${version} is not in this release (${known})`);
  }
  return found;
}

function fromRules(version: number, rules: Rules): Enrichment {
  return {
    version,
    derive: (field, input) => rules[field].derive(input),
    isBot: (input) => rules.bot.derive(input) === "true",
    fields: new Map(DERIVED_FIELDS.map((field) => [field, bindField(field, rules[field])])),
  };
}
