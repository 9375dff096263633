import type { ConnectRouterOptions } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import type { Logger } from "../log/logger.ts";
import { callKey } from "../server/call.ts";
import { leavingError } from "./leaving-error.ts";
import { type Authenticate, credentialOf, principalKey, requireScope } from "./principal.ts";
import { scopeOf } from "./scopes.ts";

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
      const { requestHeader } = context;
      const credential = credentialOf(
        requestHeader.get("authorization") ?? undefined,
        requestHeader.get("x-api-key") ?? undefined,
      );
      const principal = await authenticate(credential);
      requireScope(principal, required);
      context.values.set(principalKey, principal);
    } catch (thrown) {
      const callLog = context.values.get(callKey)?.log ?? log;
      throw leavingError(thrown, { log: callLog, path, signal: context.signal });
    }
  };
}
