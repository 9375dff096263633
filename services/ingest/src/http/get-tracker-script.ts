import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Failure } from "@millrace/failure";
import { type RawHandler, writeAnswer, writeHead } from "@millrace/runtime";
import { withStatusOfHttp } from "./status-of-http.ts";

/** The script that web pages load, whole and minified. */
export type TrackerScript = {
  readonly bytes: Uint8Array;
  /** Changes with the bytes; without quotes. */
  readonly etag: string;
};

/** The script of these bytes, its tag made from them. */
export function trackerScriptOf(bytes: Uint8Array): TrackerScript {
  return { bytes, etag: createHash("sha256").update(bytes).digest("base64url").slice(0, 16) };
}

/**
 * `GET /millrace.js`: the tracker's script, for pages of any origin; it holds nothing that is secret. Browsers keep it for
 * an hour, and ask by its tag after that.
 */
export function createGetTrackerScript(script: TrackerScript): RawHandler {
  const plain = Buffer.from(script.bytes);
  const zipped = gzipSync(plain, { level: 9 });
  const etag = `"${script.etag}"`;
  const always = {
    etag,
    "cache-control": "public, max-age=3600",
    vary: "accept-encoding",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
  };
  return withStatusOfHttp(async function getTrackerScript(request, response, call) {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      throw new Failure("unimplemented", "METHOD_UNKNOWN", "Only GET is understood here.");
    }
    call.code = "ok";
    if (isHeld(request.headers["if-none-match"], etag)) return writeAnswer(response, { status: 304, headers: always });
    const isGzip = /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(
      String(request.headers["accept-encoding"] ?? ""),
    );
    const body = isGzip ? zipped : plain;
    const headers = {
      ...always,
      "content-type": "text/javascript; charset=utf-8",
      "content-length": String(body.length),
      ...(isGzip ? { "content-encoding": "gzip" } : {}),
    };
    if (request.method === "HEAD") return writeAnswer(response, { status: 200, headers });
    writeHead(response, 200, headers);
    response.end(body);
  });
}

/** Whether the browser has this state already (RFC 9110, section 13.1.2: weak comparison). */
function isHeld(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
