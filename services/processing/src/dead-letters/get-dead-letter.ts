import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type GetDeadLetterRequest,
  GetDeadLetterResponseSchema,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal } from "@millrace/runtime";
import { comparePositions, letterId, positionOf } from "./letter-id.ts";
import { letterMessage } from "./letter-message.ts";
import { type LetterPagesDeps, readLetters } from "./letter-pages.ts";

/** DeadLetterService.GetDeadLetter. */
export function createGetDeadLetter(deps: LetterPagesDeps) {
  return async function getDeadLetter(request: GetDeadLetterRequest, context: HandlerContext) {
    const { projectId } = getPrincipal(context);
    const position = positionOf(request.deadLetterId);
    const question = {
      accepts: (letter: { readonly position: typeof position; readonly projectId: string }) =>
        comparePositions(letter.position, position) === 0 &&
        (projectId === undefined || letter.projectId === projectId),
      lettersMax: 1,
      bytesMax: Number.POSITIVE_INFINITY,
    };
    const [letter] = (await readLetters(question, deps, context.signal)).letters;
    if (letter === undefined) {
      throw new Failure("notFound", "DEAD_LETTER_NOT_FOUND", `there is no dead letter "${letterId(position)}"`);
    }
    return create(GetDeadLetterResponseSchema, { deadLetter: letterMessage(letter) });
  };
}
