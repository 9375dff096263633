import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Failure } from "@millrace/failure";

/**
 * Encodes a message that the protocol library decoded.
 *
 * @throws Failure `invalid` (REQUEST_MALFORMED) for what has no encoding: a text from JSON with half a character
 */
export function encodeMessage<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  try {
    return toBinary(schema, message);
  } catch (cause) {
    throw new Failure("invalid", "REQUEST_MALFORMED", `The request is not a valid ${schema.name}.`, { cause });
  }
}
