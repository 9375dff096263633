import { isbot } from "isbot";
import { remember } from "./remember.ts";
import type { Rule } from "./rule.ts";
import { USER_AGENT_LENGTH_MAX } from "./user-agent.ts";

const REMEMBERED_MAX = 8192;

/**
 * "true" when the user agent is that of a crawler, a monitor or a program, else "false". An event without a user agent
 * is not a bot's: services send none.
 */
export const bot1: Rule = {
  inputs: ["user_agent"],
  derive: ({ user_agent = "" }) => botOf(user_agent).bot,
};

const botOf: (userAgent: string) => { readonly bot: "true" | "false" } = remember(REMEMBERED_MAX, (userAgent) => {
  const text = userAgent.slice(0, USER_AGENT_LENGTH_MAX).trim();
  return { bot: text !== "" && text !== "-" && isbot(text) ? "true" : "false" };
});
