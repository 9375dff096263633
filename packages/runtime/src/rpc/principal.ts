import type { IncomingHttpHeaders } from "node:http";
import { type ContextValues, createContextKey } from "@connectrpc/connect";
import { Scope, ScopeSchema } from "@millrace/api/millrace/access/v1/scope_pb";
import { Failure } from "@millrace/failure";
import { ACTING_FOR_HEADER, principalBehind } from "./acting-for.ts";
import { requireOrigin } from "./allowed-origins.ts";
import { readerOf, sessionOf } from "./session-cookie.ts";

/** Who calls: an API key or a session of the page, what it may do, and where. */
export type Principal = {
  /** The key's id, or the session's. */
  readonly keyId: string;
  /** The one project that the key belongs to; undefined when it is good for all of them. */
  readonly projectId: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** The origins whose web pages may use the key; none, or absent: it is for servers and tools. */
  readonly allowedOrigins?: readonly string[];
  /** A service, which may say that it acts for somebody else. */
  readonly mayActForOthers?: true;
};

/**
 * Finds out who holds a credential. Given undefined when the call carries none. Fails with `unauthenticated`; may fail
 * with `unavailable` when it can not know.
 */
export type Authenticate = (credentialText: string | undefined) => Promise<Principal>;

/** Where the caller of an RPC is kept. */
export const principalKey = createContextKey<Principal | undefined>(undefined, { description: "principal" });

/** The caller of an RPC that is not public. */
export function getPrincipal(context: { readonly values: ContextValues }): Principal {
  const principal = context.values.get(principalKey);
  if (principal === undefined) throw new Error("a public method has no principal");
  return principal;
}

/**
 * The project that a call is about: the one that it names, or else the caller's own. A key of one project that names
 * another learns nothing about it: `notFound`. No project anywhere is `invalid`.
 */
export function projectOf(principal: Principal, requestedProjectId: string): string {
  if (requestedProjectId === "") {
    if (principal.projectId !== undefined) return principal.projectId;
    const description = "is required, since the credential belongs to no single project";
    throw Failure.invalidField("project_id", description, "PROJECT_REQUIRED");
  }
  if (principal.projectId !== undefined && principal.projectId !== requestedProjectId) {
    throw new Failure("notFound", "PROJECT_NOT_FOUND", `project ${JSON.stringify(requestedProjectId)} does not exist`);
  }
  return requestedProjectId;
}

/**
 * Fails with `denied` unless the caller may do what needs the scope (SCOPE_MISSING), from the web page that it calls from,
 * if its key is for web pages (ORIGIN_NOT_ALLOWED). Every way into a service passes here.
 *
 * @param origin the call's `Origin` header
 */
export function requireAccess(principal: Principal, required: Scope, origin: string | undefined): void {
  requireOrigin(principal, origin);
  requireScope(principal, required);
}

/** Fails with `denied` unless the caller's scopes satisfy the one required. */
export function requireScope(principal: Principal, required: Scope): void {
  if (satisfies(principal.scopes, required)) return;
  const names = [...principal.scopes].map(scopeName).sort();
  const held = names.length === 0 ? "none" : names.join(", ");
  const message = `this needs the scope ${scopeName(required)}; the key has ${held}`;
  throw new Failure("denied", "SCOPE_MISSING", message, { metadata: { required: scopeName(required), held } });
}

/** The word for a scope, such as `ingest`. */
function scopeName(scope: Scope): string {
  return (ScopeSchema.value[scope]?.localName ?? String(scope)).toLowerCase();
}

function satisfies(held: ReadonlySet<Scope>, required: Scope): boolean {
  if (required === Scope.UNSPECIFIED) return false;
  if (required === Scope.PUBLIC || held.has(required)) return true;
  if (required === Scope.INGEST) return held.has(Scope.IMPORT);
  if (required === Scope.REPORT) return held.has(Scope.ADMIN);
  return false;
}

/**
 * Who calls a path that is handled by hand: reads `authorization: Bearer`, `x-api-key`, or, only where
 * `queryParameter` allows it, that parameter of the URL, or else the session's cookie; then checks the scope and the
 * page's origin.
 */
export async function readPrincipal(
  headers: IncomingHttpHeaders,
  url: string,
  authenticate: Authenticate,
  requiredScope: Scope,
  queryParameter?: string,
): Promise<Principal> {
  const credential =
    credentialOf(one(headers.authorization), one(headers["x-api-key"])) ??
    (queryParameter === undefined ? undefined : parameterOf(url, queryParameter)) ??
    sessionOf(readerOf(headers));
  const principal = principalBehind(await authenticate(credential), one(headers[ACTING_FOR_HEADER]));
  requireAccess(principal, requiredScope, headers.origin);
  return principal;
}

/** The credential in a call's headers, or undefined when there is none. An `authorization` of another kind is refused. */
export function credentialOf(authorization: string | undefined, apiKey: string | undefined): string | undefined {
  if (authorization !== undefined && authorization !== "") {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization);
    if (bearer !== null) return bearer[1];
    const message = "the authorization header must be of the form: Bearer <API key>";
    throw new Failure("unauthenticated", "CREDENTIAL_MALFORMED", message);
  }
  return apiKey === undefined || apiKey === "" ? undefined : apiKey;
}

function one(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}

function parameterOf(url: string, name: string): string | undefined {
  const query = url.indexOf("?");
  return query < 0 ? undefined : (new URLSearchParams(url.slice(query + 1)).get(name) ?? undefined);
}
