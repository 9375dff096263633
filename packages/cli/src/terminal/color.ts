import { styleText } from "node:util";

/** What standard streams tell of themselves. */
type Stream = { readonly isTTY?: boolean };

/** How a text is set apart. */
export type Style = Parameters<typeof styleText>[0];

/**
 * Whether a stream wants colours: FORCE_COLOR (not 0) says yes and NO_COLOR says no, in this order, whatever the stream is;
 * else terminals do, but for TERM=dumb. Empty variables are not set.
 */
export function wantsColor(stream: Stream = process.stdout, environment: NodeJS.ProcessEnv = process.env): boolean {
  const forced = environment["FORCE_COLOR"];
  if (forced) return forced !== "0" && forced !== "false";
  if (environment["NO_COLOR"]) return false;
  return stream.isTTY === true && environment["TERM"] !== "dumb";
}

/** What `--no-color` does, for all that comes after. */
export function forbidColor(environment: NodeJS.ProcessEnv = process.env): void {
  environment["NO_COLOR"] = "1";
  environment["FORCE_COLOR"] = "";
}

/** Sets texts apart. */
export type Paint = (style: Style, text: string) => string;

/** Paints by control characters, or leaves texts as they are. */
export function painter(isColored: boolean): Paint {
  return (style, text) => (isColored && text !== "" ? styleText(style, text, { validateStream: false }) : text);
}
