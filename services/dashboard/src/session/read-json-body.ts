import { Failure } from "@millrace/failure";
import type { AnyRequest } from "@millrace/runtime";

const BODY_BYTES_MAX = 1_024;
const BODY_TIMEOUT_MS = 10_000;

/**
 * Reads a small JSON body.
 *
 * @throws Failure `invalid` (CONTENT_TYPE_UNSUPPORTED, MESSAGE_TOO_LARGE over 1 KiB, REQUEST_MALFORMED); `deadline` after
 *   10 seconds
 */
export async function readJsonBody(request: AnyRequest): Promise<unknown> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") {
    throw new Failure("invalid", "CONTENT_TYPE_UNSUPPORTED", "the content type must be application/json");
  }
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the body, where a token may be.
    throw new Failure("invalid", "REQUEST_MALFORMED", "the body is not valid JSON");
  }
}

async function readText(request: AnyRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = new Failure("deadline", "DEADLINE_EXCEEDED", "the body took too long to arrive");
  const timer = setTimeout(() => request.destroy(late), BODY_TIMEOUT_MS);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) {
        const message = `the body is larger than ${BODY_BYTES_MAX} bytes, the most that is accepted`;
        throw new Failure("invalid", "MESSAGE_TOO_LARGE", message, { metadata: { maxBytes: String(BODY_BYTES_MAX) } });
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
