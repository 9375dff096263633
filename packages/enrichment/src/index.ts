export type { BoundField } from "./bind.ts";
export { CURRENT_VERSION, ENRICHMENT_VERSIONS, type Enrichment, enrichment } from "./enrichment.ts";
export {
  DERIVED_FIELDS,
  type DerivedField,
  type EnrichmentInput,
  INPUT_PROPERTIES,
  type InputProperty,
} from "./rule.ts";
