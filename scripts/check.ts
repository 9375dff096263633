/** `npm run check`: the quick loop. All that `npm test` does, but for unused code, proto history and the end-to-end tests. */
import { checks, runStep } from "./step.ts";

for (const step of checks) runStep(step);
runStep(["tests", "vitest", "run", "--project", "unit", "--changed", "--passWithNoTests"]);
