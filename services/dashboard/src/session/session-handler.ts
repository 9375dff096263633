import { Failure } from "@millrace/failure";
import {
  type AnyRequest,
  type AnyResponse,
  type RawHandler,
  readerOf,
  requireSameOrigin,
  sessionCookieName,
  sessionCookieOf,
  writeAnswer,
} from "@millrace/runtime";
import { answerFailures, unkeptHeaders } from "../answer-failures.ts";
import { isHttps } from "../page/is-https.ts";
import { Attempts } from "./attempts.ts";
import type { LoginTokens } from "./login-tokens.ts";
import { readJsonBody } from "./read-json-body.ts";
import type { Session, Sessions } from "./sessions.ts";

/** What the path of sessions needs. */
export type SessionHandlerDeps = {
  readonly tokens: LoginTokens;
  readonly sessions: Sessions;
  readonly now: () => number;
  /** Of the server; the page shows it. */
  readonly version: string;
};

/**
 * `/session`: POST `{"token"}` opens a session and answers 204 with its cookie, GET says until when it lasts and DELETE
 * ends it. What changes something must come from a page of this origin.
 */
export function createSessionHandler(deps: SessionHandlerDeps): RawHandler {
  const attempts = new Attempts(deps.now);
  const methods: Readonly<Record<string, (...of: Parameters<RawHandler>) => Promise<void>>> = {
    GET: (request, response) => tellSession(deps, request, response),
    POST: (request, response, call) => openSession(deps, attempts, request, response, call.clientAddress()),
    DELETE: (request, response) => endSession(deps, request, response),
  };
  return answerFailures(async (request, response, call) => {
    call.method = "session";
    const handle = methods[request.method ?? ""];
    if (handle === undefined) {
      response.setHeader("allow", Object.keys(methods).join(", "));
      throw new Failure("unimplemented", "METHOD_UNKNOWN", "only GET, POST and DELETE are understood here");
    }
    await handle(request, response, call);
  });
}

async function openSession(
  deps: SessionHandlerDeps,
  attempts: Attempts,
  request: AnyRequest,
  response: AnyResponse,
  address: string,
): Promise<void> {
  requireSameOrigin(readerOf(request.headers));
  const token = tokenOf(await readJsonBody(request));
  const takeBack = attempts.begin(address);
  const subject = await deps.tokens.use(token).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.kind !== "unauthenticated") takeBack();
    throw error;
  });
  takeBack();
  const session = await deps.sessions.open(subject);
  const headers = { ...unkeptHeaders(request), "set-cookie": cookie(request, session.text, lifetime(deps, session)) };
  writeAnswer(response, { status: 204, headers });
}

/** A page elsewhere can send this too, but not read what is answered. */
async function tellSession(deps: SessionHandlerDeps, request: AnyRequest, response: AnyResponse): Promise<void> {
  const text = sessionCookieOf(readerOf(request.headers));
  if (text === undefined) {
    throw new Failure("unauthenticated", "CREDENTIAL_MISSING", "there is no session; open one with a token");
  }
  const session = await deps.sessions.visit(text);
  const { subject, expireTimeMs } = session;
  const body = JSON.stringify({ subject, expireTime: new Date(expireTimeMs).toISOString(), version: deps.version });
  const headers = {
    ...unkeptHeaders(request),
    "content-type": "application/json",
    "set-cookie": cookie(request, text, lifetime(deps, session)),
  };
  writeAnswer(response, { status: 200, headers, body });
}

async function endSession(deps: SessionHandlerDeps, request: AnyRequest, response: AnyResponse): Promise<void> {
  const header = readerOf(request.headers);
  requireSameOrigin(header);
  const text = sessionCookieOf(header);
  if (text !== undefined) await deps.sessions.end(text);
  writeAnswer(response, { status: 204, headers: { ...unkeptHeaders(request), "set-cookie": cookie(request, "", 0) } });
}

function tokenOf(body: unknown): string {
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
  if (typeof token !== "string") throw Failure.invalidField("token", "is required, as a string", "REQUEST_MALFORMED");
  return token.trim();
}

function lifetime({ now }: SessionHandlerDeps, { expireTimeMs }: Session): number {
  return Math.max(0, Math.floor((expireTimeMs - now()) / 1000));
}

function cookie(request: AnyRequest, value: string, maxAgeSeconds: number): string {
  const name = sessionCookieName(readerOf(request.headers));
  const secure = isHttps(request.headers) ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}
