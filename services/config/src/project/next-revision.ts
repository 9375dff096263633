import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { layoutFamilies } from "@millrace/rollup";

/**
 * The revision after this one: a copy that `change` has changed, laid out anew.
 *
 * @param processingVersion never lowers that of the revision before: an older config beside newer ones must not
 */
export function nextRevision(
  definitions: Definitions,
  options: { readonly nowMs: number; readonly processingVersion: number },
  change: (next: Definitions) => void,
): Definitions {
  const next = clone(DefinitionsSchema, definitions);
  change(next);
  next.revision = definitions.revision + 1n;
  next.createTime = timestampFromMs(options.nowMs);
  next.processingVersion = Math.max(definitions.processingVersion, options.processingVersion);
  next.families = layoutFamilies(definitions.families, next.rollups, next.metrics);
  return next;
}
