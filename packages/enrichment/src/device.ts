import { remember } from "./remember.ts";
import type { Rule } from "./rule.ts";
import { parseUserAgent, USER_AGENT_LENGTH_MAX } from "./user-agent.ts";

const REMEMBERED_MAX = 8192;

/** Televisions that call themselves Android phones or tablets; Amazon's are AFT and a model. */
const TELEVISION = /\b(?:AFT[A-Z0-9]{1,8}|BRAVIA|Android ?TV|Google ?TV|Apple ?TV|SMART-TV|SmartTV|HbbTV|CrKey|Roku)\b/;

/** The kind of device: "desktop" or "mobile", which holds tablets; "" for what is neither. */
export const device1: Rule = {
  inputs: ["user_agent"],
  derive: ({ user_agent = "" }) => {
    const { platform } = parseUserAgent(user_agent);
    if (platform === "tablet") return "mobile";
    return platform === "desktop" || platform === "mobile" ? platform : "";
  },
};

/** The kind of device: "desktop", "mobile", "tablet", "tv", or "" for bots and what is not known. */
export const device2: Rule = {
  inputs: ["user_agent"],
  derive: ({ user_agent = "" }) => deviceOf(user_agent).kind,
};

const deviceOf: (userAgent: string) => { readonly kind: string } = remember(REMEMBERED_MAX, (userAgent) => {
  const { platform, os } = parseUserAgent(userAgent);
  if (platform === "bot") return { kind: "" };
  const text = userAgent.slice(0, USER_AGENT_LENGTH_MAX);
  if (TELEVISION.test(text)) return { kind: "tv" };
  if (platform !== "") return { kind: platform };
  // Chromebooks and the BSDs, of which bowser says nothing.
  return { kind: os === "Chrome OS" || text.includes("(X11;") ? "desktop" : "" };
});
