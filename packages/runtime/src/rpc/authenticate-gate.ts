import type { ConnectRouterOptions } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import type { Logger } from "../log/logger.ts";
import { callKey } from "../server/call.ts";
import { ACTING_FOR_HEADER, principalBehind } from "./acting-for.ts";
import { leavingError } from "./leaving-error.ts";
import { type Authenticate, credentialOf, principalKey, requireAccess } from "./principal.ts";
import { scopeOf } from "./scopes.ts";
import { type ReadHeader, sessionOf } from "./session-cookie.ts";

type Gate = NonNullable<ConnectRouterOptions["requestGate"]>;

/**
 * Finds out who calls and whether they may, before anything of the body is read. The caller is then in the context
 * (`getPrincipal`). A method that names no scope is refused as a defect.
 */
export function authenticateGate(authenticate: Authenticate, log: Logger): Gate {
  return async (context) => {
    const path = `/${context.service.typeName}/${context.method.name}`;
    try {
      const required = scopeOf(context.method);
      if (required === undefined) throw new Error(`${path} names no required scope`);
      if (required === Scope.PUBLIC) return;
      const { requestHeader, url } = context;
      const header: ReadHeader = (name) => requestHeader.get(name) ?? (name === "host" ? hostOf(url) : undefined);
      const credential = credentialOf(header("authorization"), header("x-api-key")) ?? sessionOf(header);
      const principal = principalBehind(await authenticate(credential), header(ACTING_FOR_HEADER));
      requireAccess(principal, required, header("origin"));
      context.values.set(principalKey, principal);
    } catch (thrown) {
      const callLog = context.values.get(callKey)?.log ?? log;
      throw leavingError(thrown, { log: callLog, path, signal: context.signal });
    }
  };
}

/** HTTP/2 says the host in a pseudo header, which is found in the URL. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
