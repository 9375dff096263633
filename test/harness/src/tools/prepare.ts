/** A step of `npm test`: brings the programs that tests run, so that no test waits for it. What can not be had its tests will miss. */
import { kubernetesSchemas } from "./kubernetes-schemas.ts";
import { TOOL_NAMES, tool } from "./tool.ts";

const brought = await Promise.allSettled([kubernetesSchemas(), ...TOOL_NAMES.map(tool)]);
for (const each of brought) if (each.status === "rejected") process.stderr.write(`${String(each.reason)}\n`);
