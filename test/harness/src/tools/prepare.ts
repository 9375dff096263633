/** A step of `npm test`: brings the programs that tests run, so that no test waits for it. */
import { kubernetesSchemas } from "./kubernetes-schemas.ts";
import { TOOL_NAMES, tool } from "./tool.ts";

await Promise.all([kubernetesSchemas(), ...TOOL_NAMES.map(tool)]);
