import { Failure } from "@millrace/failure";
import { type AnyRequest, type AnyResponse, type RawHandler, writeHead } from "@millrace/runtime";
import { answerFailures, unkeptHeaders } from "../answer-failures.ts";
import { isHttps } from "./is-https.ts";
import { PAGE_PATHS, type PageFile, type PageFiles } from "./page-files.ts";
import { securityHeaders } from "./security-headers.ts";

/** How far the page is: `problem` says to people why there is none. */
export type PageState =
  | { readonly kind: "building" }
  | { readonly kind: "ready"; readonly files: PageFiles }
  | { readonly kind: "missing"; readonly problem: string };

const RETRY_SECONDS = "1";
const RELOAD_PATH = "/reload.js";
/** A reload keeps what stands behind "#", the token; a refresh by markup or header would lose it. */
const RELOAD_SCRIPT = `"use strict";
setInterval(async () => {
  const answer = await fetch(location.pathname, { method: "HEAD" }).catch(() => undefined);
  if (answer?.ok) location.reload();
}, 300);
`;
/** Better first. */
const ENCODINGS = ["br", "gzip"] as const;

/** Gives the handler of a path of the page, or undefined for a path that is none of the page's. */
export function createServePage(state: () => PageState): (path: string) => RawHandler | undefined {
  return (path) => {
    const now = state();
    if (now.kind === "ready") {
      const file = now.files.get(path);
      return file && answer((request, response) => sendFile(file, request, response));
    }
    if (path === RELOAD_PATH) return answer(sendReloadScript);
    if (!PAGE_PATHS.includes(path)) return undefined;
    return answer((request, response) => sendNotice(now, request, response));
  };
}

function answer(send: (request: AnyRequest, response: AnyResponse) => void): RawHandler {
  return answerFailures(async (request, response, call) => {
    // One name for all files in the metrics: those of a build would be others each time.
    call.method = "page";
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      throw new Failure("unimplemented", "METHOD_UNKNOWN", "only GET and HEAD are understood here");
    }
    send(request, response);
  });
}

function sendFile(file: PageFile, request: AnyRequest, response: AnyResponse): void {
  const encoding = encodingFor(request.headers["accept-encoding"], file);
  const body = file.bodies.get(encoding)!;
  const etag = `"${file.digest}-${encoding}"`;
  const headers: Record<string, string> = {
    ...securityHeaders(isHttps(request.headers)),
    "cache-control": file.cacheControl,
    etag,
    vary: "accept-encoding",
  };
  if (request.headers["if-none-match"]?.includes(etag)) {
    writeHead(response, 304, headers);
    response.end();
    return;
  }
  headers["content-type"] = file.contentType;
  headers["content-length"] = String(body.length);
  if (encoding !== "identity") headers["content-encoding"] = encoding;
  writeHead(response, 200, headers);
  if (request.method === "HEAD") response.end();
  else response.end(body);
}

function encodingFor(accepted: string | string[] | undefined, file: PageFile): string {
  const words = String(accepted ?? "").split(",");
  const isAccepted = (name: string): boolean =>
    words.some((word) => word.trim().startsWith(name) && !/;\s*q=0(\.0*)?\s*$/.test(word));
  return ENCODINGS.find((name) => file.bodies.has(name) && isAccepted(name)) ?? "identity";
}

function sendNotice(state: PageState, request: AnyRequest, response: AnyResponse): void {
  const isBuilding = state.kind === "building";
  const text = state.kind === "missing" ? state.problem : "The page is being built, this first time only.";
  const reload = isBuilding ? `<script src="${RELOAD_PATH}" defer></script>` : "";
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const more = isBuilding ? "It shows by itself in a moment." : "Events are taken, counted and answered as ever.";
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Millrace</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">${reload}</head>
<body><h1>Millrace</h1><p>${escaped}</p><p>${more}</p></body></html>`;
  writeHead(response, 503, {
    ...unkeptHeaders(request),
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "retry-after": RETRY_SECONDS,
  });
  if (request.method === "HEAD") response.end();
  else response.end(body);
}

function sendReloadScript(request: AnyRequest, response: AnyResponse): void {
  writeHead(response, 200, { ...unkeptHeaders(request), "content-type": "text/javascript; charset=utf-8" });
  if (request.method === "HEAD") response.end();
  else response.end(RELOAD_SCRIPT);
}
