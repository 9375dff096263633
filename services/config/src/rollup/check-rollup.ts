import { create } from "@bufbuild/protobuf";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { Failure } from "@millrace/failure";
import { CELLS_MAX, RESERVED_ROLLUP_NAMES } from "@millrace/rollup";
import { canonicalField, fieldKind } from "../field-name.ts";

/**
 * The rollup that a request asks for, with defaults filled in and without what the server sets. Checks what the
 * contract's rules can not say, as far as the rollup alone tells.
 *
 * @throws Failure `invalid`
 */
export function checkRollup(requested: Rollup): Rollup {
  const { name, metrics, description } = requested;
  if (RESERVED_ROLLUP_NAMES.includes(name)) {
    throw Failure.invalidField("rollup.name", `${JSON.stringify(name)} is reserved`);
  }
  const dimensions = requested.dimensions.map((dimension, i) => checkDimension(dimension, `rollup.dimensions[${i}]`));
  dimensions.forEach((dimension, i) => {
    if (dimensions.indexOf(dimension) === i) return;
    throw Failure.invalidField(`rollup.dimensions[${i}]`, `${JSON.stringify(dimension)} is named twice`);
  });
  const slots = requested.slots || 1;
  const maxTuples = requested.maxTuples || CELLS_MAX;
  return create(RollupSchema, { name, metrics, dimensions, slots, maxTuples, description });
}

function checkDimension(name: string, path: string): string {
  const field = canonicalField(name, path);
  if (fieldKind(field) !== "own" || field === "name") return field;
  const description = `${JSON.stringify(field)} can not be a dimension; a property with that key is written "properties.${field}"`;
  throw Failure.invalidField(path, description);
}
