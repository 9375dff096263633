import type { Rule } from "./rule.ts";
import { parseUserAgent } from "./user-agent.ts";

const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["WebOS", "webOS"],
  ["PlayStation 4", "PlayStation"],
]);

/** The operating system, without version: "Windows", "macOS", "Android", "iOS", "Linux", "Chrome OS", and so on. */
export const os1: Rule = {
  inputs: ["user_agent"],
  derive: ({ user_agent = "" }) => {
    const { os } = parseUserAgent(user_agent);
    return FAMILIES.get(os) ?? os;
  },
};
