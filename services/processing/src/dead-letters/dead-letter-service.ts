import type { ServiceImpl } from "@connectrpc/connect";
import type { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { createGetDeadLetter } from "./get-dead-letter.ts";
import { createListDeadLetters } from "./list-dead-letters.ts";
import { createRedriveDeadLetters } from "./redrive-dead-letters.ts";
import { Redriver, type RedriverDeps } from "./redriver.ts";

/** The RPCs of DeadLetterService. */
export function createDeadLetterService(
  deps: RedriverDeps & { readonly draining: AbortSignal },
): ServiceImpl<typeof DeadLetterService> {
  return {
    listDeadLetters: createListDeadLetters(deps),
    getDeadLetter: createGetDeadLetter(deps),
    redriveDeadLetters: createRedriveDeadLetters({ ...deps, redriver: new Redriver(deps) }),
  };
}
