export { createProcessingApp, PROCESSING_GROUP, type ProcessingApp, type ProcessingDeps } from "./app.ts";
export { type DeadLetter, type DeadLetters, deadLettersIn } from "./dead-letters/dead-letters.ts";
export { PROCESSING_VERSION } from "./fold/plans.ts";
