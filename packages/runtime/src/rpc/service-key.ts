import { createHash, timingSafeEqual } from "node:crypto";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Failure } from "@millrace/failure";
import type { Authenticate, Principal } from "./principal.ts";

/** What the key of services begins with, so that nobody takes it for another, and scanners of secrets find it. */
const SERVICE_KEY_PREFIX = "mlr_service_";

/** What a service key looks like: `mlr_service_` and 32 to 200 letters, digits, `_` and `-`. */
export const SERVICE_KEY_FORM = {
  pattern: /^mlr_service_[\w-]{32,200}$/,
  allowed: `"${SERVICE_KEY_PREFIX}" and at least 32 random characters (mlr_service_$(openssl rand -hex 32)); several are separated by commas`,
};

const SERVICE: Principal = {
  keyId: "service",
  projectId: undefined,
  scopes: new Set([Scope.SERVICE]),
  mayActForOthers: true,
};

/**
 * Accepts the keys of services, as a principal with the scope SERVICE alone, and leaves all other credentials to
 * `authenticateOthers`. Keys are compared by their SHA-256, in a time that says nothing about them.
 */
export function authenticateServices(keys: readonly string[], authenticateOthers: Authenticate): Authenticate {
  const digests = keys.map(digestOf);
  return async (text) => {
    if (text === undefined || !text.startsWith(SERVICE_KEY_PREFIX)) return authenticateOthers(text);
    const digest = digestOf(text);
    // Every key is compared, so that the time does not tell which one it is.
    const matches = digests.filter((known) => timingSafeEqual(known, digest)).length;
    if (matches > 0) return SERVICE;
    throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "this is no key of this installation's services");
  };
}

function digestOf(key: string): Uint8Array {
  return createHash("sha256").update(key, "utf8").digest();
}
