import { hashWords, murmur3Text } from "@millrace/hash";
import { hexOfHash } from "./event-id.ts";
import { LINE_BYTES_MAX, type Line, readLines } from "./lines.ts";
import type { Row, RowSource } from "./row.ts";

/** The columns that a line of an access log gives. */
export const COMBINED_COLUMNS = [
  "ip",
  "user",
  "time",
  "method",
  "path",
  "protocol",
  "status",
  "bytes",
  "referrer",
  "user_agent",
  "visitor",
] as const;

// host ident user [time] "request" status bytes "referrer" "user agent"; the last two are absent in the common format.
// A line that was cut off within the user agent keeps what there is of it: without, a bot would pass for a person.
// https://httpd.apache.org/docs/current/mod/mod_log_config.html
const LINE =
  /^(\S+) \S+ (.+?) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)(?:"|$))?/;

/** Reads access logs as Apache and nginx write them, in the combined or the common format. */
export function readCombinedLog(bytes: AsyncIterable<Buffer>): RowSource {
  async function* rows(): AsyncGenerator<readonly Row[]> {
    let position = 0;
    for await (const lines of readLines(bytes)) yield lines.map((line) => toRow(line, position++));
  }
  return { columns: COMBINED_COLUMNS, rows: rows() };
}

function toRow({ number, text }: Line, position: number): Row {
  const row = { line: number, position, content: text ?? "" };
  if (text === undefined) return { ...row, cells: [], problem: `the line is longer than ${LINE_BYTES_MAX} bytes` };
  const found = LINE.exec(text);
  if (found === null) return { ...row, cells: [], problem: "the line is not of the combined log format" };
  const [, ip = "", user, time = "", request = "", status = "", bytes, referrer, agent] = found;
  const [method = "", path = "", protocol = ""] = request.includes(" ") ? request.split(" ") : ["", value(request)];
  const userAgent = value(agent);
  const cells = [ip, value(user), time, method, unescaped(path), protocol, status, value(bytes)];
  return { ...row, cells: [...cells, value(referrer), userAgent, visitorOf(ip, userAgent)] };
}

/** "-" is how these logs write what is absent. */
function value(text: string | undefined): string {
  return text === undefined || text === "-" ? "" : unescaped(text);
}

function unescaped(text: string): string {
  return text.includes("\\") ? text.replace(/\\(["\\])/g, "$1") : text;
}

/** Who it probably was, without the address itself. */
function visitorOf(ip: string, userAgent: string): string {
  murmur3Text(`${ip}\n${userAgent}`, 0);
  return hexOfHash(hashWords);
}
