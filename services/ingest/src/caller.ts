import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Failure } from "@millrace/failure";
import { type AnyRequest, type Principal, readPrincipal } from "@millrace/runtime";
import type { Snapshot } from "@millrace/snapshot";
import { type StampRules, stampRulesOf } from "./stamp-rules.ts";

/** What ingest asks of the snapshot of configuration. */
export type IngestSnapshot = Pick<Snapshot, "definitions" | "peekDefinitions"> & {
  /** Who holds a key, as {@link Snapshot.authenticate} says. */
  authenticate(text: string | undefined): Promise<Principal>;
  /** The secret of a day, as {@link Snapshot.visitorSalt} says. */
  visitorSalt: Snapshot["visitorSalt"];
};

/** Who sends events, and by which rules they are stamped. */
export type Caller = {
  readonly projectId: string;
  /** Any key with the scope IMPORT imports, also one that has INGEST too: its events are never late. */
  readonly imported: boolean;
  /** The key is for web pages: who holds it is whoever looks at one. */
  readonly isWebPage: boolean;
  /** The rules in force now. */
  readonly rules: () => StampRules;
};

/**
 * Who sends a request that is handled by hand.
 *
 * @param keyParameter the query parameter that may carry the key; undefined: only headers may
 * @throws Failure `unauthenticated`, `denied` (SCOPE_MISSING), `invalid` (PROJECT_REQUIRED), `unavailable`
 */
export async function readCaller(
  request: AnyRequest,
  snapshot: IngestSnapshot,
  keyParameter?: string,
): Promise<Caller> {
  const authenticate = (text: string | undefined): Promise<Principal> => snapshot.authenticate(text);
  const url = request.url ?? "";
  const principal = await readPrincipal(request.headers, url, authenticate, Scope.INGEST, keyParameter);
  return callerOf(principal, snapshot);
}

/** The caller that a principal stands for. Fails as {@link readCaller} does. */
export async function callerOf(principal: Principal, snapshot: IngestSnapshot): Promise<Caller> {
  const { projectId } = principal;
  if (projectId === undefined) {
    const message = "The API key belongs to no single project; events need the key of their project.";
    throw new Failure("invalid", "PROJECT_REQUIRED", message);
  }
  const first = snapshot.peekDefinitions(projectId) ?? (await snapshot.definitions(projectId));
  return {
    projectId,
    imported: principal.scopes.has(Scope.IMPORT),
    isWebPage: (principal.allowedOrigins ?? []).length > 0,
    rules: () => stampRulesOf(snapshot.peekDefinitions(projectId) ?? first),
  };
}
