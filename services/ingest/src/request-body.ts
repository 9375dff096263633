import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Failure } from "@millrace/failure";
import type { AnyRequest } from "@millrace/runtime";
import { type Admission, overloaded } from "./admission.ts";

const unzip = promisify(gunzip);
const INITIAL_BYTES = 16 * 1024;
/** How long a body may take to arrive: HTTP/2 has no bound of its own for it. */
const BODY_TIMEOUT_MS = 30_000;

/** Bytes of a request, and how many of them were taken from the admission. */
export type RequestBody = { readonly bytes: Buffer; readonly admitted: number };

/**
 * Reads the whole body of a request. Bytes are admitted as they come, and given back here on a failure, by the caller
 * otherwise. The message in it has at most `maxBytes`; a protocol's frame around that has `frameBytes`.
 *
 * @throws Failure `invalid` (MESSAGE_TOO_LARGE) over `maxBytes`, `exhausted` (OVERLOADED) when there is no room,
 *   `cancelled` when the client is gone before the end, `deadline` when it takes longer than 30 seconds
 */
export function readBody(
  request: AnyRequest,
  maxBytes: number,
  admission: Admission,
  frameBytes = 0,
): Promise<RequestBody> {
  const declared = Number(request.headers["content-length"]);
  if (declared > maxBytes + frameBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let admitted = 0;
    let timer: NodeJS.Timeout | undefined;
    const fail = (failure: Failure): void => {
      admission.release(admitted);
      admitted = 0;
      detach();
      // What still comes is thrown away by the answer, which ends the request.
      request.resume();
      reject(failure);
    };
    const onData = (chunk: Buffer): void => {
      if (admitted + chunk.length > maxBytes + frameBytes) {
        fail(tooLarge(maxBytes));
      } else if (!admission.tryTake(chunk.length)) {
        fail(overloaded());
      } else {
        admitted += chunk.length;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => {
      detach();
      resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), admitted });
    };
    const onGone = (): void => fail(new Failure("cancelled", "CANCELLED", "The caller gave up."));
    const onLate = (): void => fail(new Failure("deadline", "DEADLINE_EXCEEDED", "The body took too long to arrive."));
    const detach = (): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("aborted", onGone).off("error", onGone).off("close", onGone);
    };
    // It may have gone while it was found out who it is; no event comes then.
    if (isGone(request)) {
      onGone();
      return;
    }
    timer = setTimeout(onLate, BODY_TIMEOUT_MS);
    request.on("data", onData).on("end", onEnd).on("aborted", onGone).on("error", onGone).on("close", onGone);
  });
}

function isGone(request: AnyRequest): boolean {
  return request.destroyed || ("stream" in request && request.stream.destroyed);
}

/**
 * Decompresses gzip to at most `maxBytes`, which the caller has admitted.
 *
 * @throws Failure `invalid` (MESSAGE_TOO_LARGE, or REQUEST_MALFORMED for what is no gzip)
 */
export async function decompress(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes, chunkSize: INITIAL_BYTES });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new Failure("invalid", "REQUEST_MALFORMED", "The body is not valid gzip.", { cause });
  }
}

/** The failure of a message over its limit. */
export function tooLarge(maxBytes: number): Failure {
  const message = `The message is larger than ${maxBytes} bytes, the most that is accepted.`;
  return new Failure("invalid", "MESSAGE_TOO_LARGE", message, { metadata: { maxBytes: String(maxBytes) } });
}
