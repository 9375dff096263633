import type { AlertCase } from "./alert-case.ts";
import { BACKEND_CASES } from "./backend-cases.ts";
import { INGEST_CASES } from "./ingest-cases.ts";
import { OBJECTIVE_CASES } from "./objective-cases.ts";
import { PROCESS_CASES } from "./process-cases.ts";
import { PROCESSING_CASES } from "./processing-cases.ts";

export type { AlertCase } from "./alert-case.ts";

/** Cases that need what is recorded of calls. */
export const CASES_WITH_RECORDINGS: readonly AlertCase[] = [...OBJECTIVE_CASES, ...INGEST_CASES];

/** All others. */
export const CASES_WITHOUT_RECORDINGS: readonly AlertCase[] = [...PROCESSING_CASES, ...BACKEND_CASES, ...PROCESS_CASES];
