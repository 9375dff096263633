import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { Failure } from "@millrace/failure";

const VIOLATIONS_MAX = 20;

/**
 * Checks every request message, those of streams as they arrive, against the rules in its contract. A message that
 * breaks them fails as `invalid`, naming each field, what is wrong and the limit (at most 20 of them).
 */
export function validateRequests(): Interceptor {
  const validator = createValidator();
  const check = (desc: DescMessage, message: Message): void => {
    const result = validator.validate(desc, message);
    if (result.kind === "valid") return;
    if (result.kind === "error") throw result.error;
    throw failureOf(result.violations);
  };
  return (next) => async (request) => {
    const { input } = request.method;
    if (!request.stream) {
      check(input, request.message);
      return next(request);
    }
    return next({ ...request, message: checked(request.message, (message) => check(input, message)) });
  };
}

async function* checked<T>(messages: AsyncIterable<T>, check: (message: T) => void): AsyncIterable<T> {
  for await (const message of messages) {
    check(message);
    yield message;
  }
}

function failureOf(broken: readonly Violation[]): Failure {
  const violations = broken.slice(0, VIOLATIONS_MAX).map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message || `breaks the rule ${violation.ruleId}`,
  }));
  const told = violations.map(({ field, description }) => (field === "" ? description : `${field}: ${description}`));
  const more = broken.length > violations.length ? ` (and ${broken.length - violations.length} more)` : "";
  return new Failure("invalid", "FIELD_INVALID", told.join("; ") + more, { violations });
}
