export { Failure, type FailureDetails, type FailureKind, type FieldViolation } from "./failure.ts";
export { REASONS, type Reason } from "./reason.ts";
