import { create, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type ListDeadLettersRequest,
  ListDeadLettersRequestSchema,
  ListDeadLettersResponseSchema,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { getPrincipal } from "@millrace/runtime";
import { askedProject, letterFilter } from "./letter-filter.ts";
import { letterMessage } from "./letter-message.ts";
import { type LetterPagesDeps, readLetters } from "./letter-pages.ts";
import { fromPageToken, toPageToken } from "./page-token.ts";

const PAGE_SIZE_DEFAULT = 100;

/** DeadLetterService.ListDeadLetters. */
export function createListDeadLetters(deps: LetterPagesDeps) {
  return async function listDeadLetters(request: ListDeadLettersRequest, context: HandlerContext) {
    const projectId = askedProject(getPrincipal(context), request.projectId);
    const question = questionOf(request, projectId);
    const after = fromPageToken(question, request.pageToken);
    const lettersMax = request.pageSize || PAGE_SIZE_DEFAULT;
    const accepts = letterFilter(projectId, request.filter);
    const { letters, hasMore } = await readLetters({ accepts, after, lettersMax }, deps, context.signal);
    // What was redriven is known only once the letters are: such a page has fewer.
    const shown = letters.filter(({ redriven }) => request.includeRedriven || redriven === undefined);
    return create(ListDeadLettersResponseSchema, {
      deadLetters: shown.map(letterMessage),
      nextPageToken: hasMore ? toPageToken(question, letters.at(-1)!.position) : "",
    });
  };
}

function questionOf(request: ListDeadLettersRequest, projectId: string | undefined): Uint8Array {
  const { filter, includeRedriven } = request;
  const question = create(ListDeadLettersRequestSchema, { projectId: projectId ?? "", includeRedriven });
  if (filter !== undefined) question.filter = filter;
  return toBinary(ListDeadLettersRequestSchema, question);
}
