export { createProcessingApp, PROCESSING_GROUP, type ProcessingApp, type ProcessingDeps } from "./app.ts";
export { type DeadLetter, type DeadLetters, deadLettersIn, type LetterLog } from "./dead-letters/dead-letters.ts";
export { PROCESSING_VERSION } from "./fold/plans.ts";
export { PROCESSING_VARIABLES } from "./processing-variables.ts";
export type { StatusPeer } from "./status/peers.ts";
