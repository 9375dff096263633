import type { JsonObject } from "@bufbuild/protobuf";
import { Failure } from "@millrace/failure";

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Adds `KEY=VALUE`: numbers, true and false are typed; in quotes it is text.
 *
 * @throws Failure `invalid`
 */
export function addProperty(properties: JsonObject, text: string, isText: boolean): void {
  const at = text.indexOf("=");
  if (at < 1) throw new Failure("invalid", "FIELD_INVALID", `"${text}" is not KEY=VALUE`);
  const value = text.slice(at + 1);
  properties[text.slice(0, at)] = isText ? value : typed(value);
}

function typed(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2]!;
  return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}
