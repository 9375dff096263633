import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import type { ApiKey } from "@millrace/api/millrace/config/v1/api_key_pb";
import { Failure } from "@millrace/failure";

const PATH = "api_key.allowed_origins";
const ORIGIN = /^(https?):\/\/((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;
/** What browsers leave out of the origins that they send. */
const USUAL_PORT: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * The origins of a new key, each once and as browsers write them: in lower case, without the protocol's usual port and
 * without a slash at the end.
 *
 * @throws Failure `invalid` for what is no origin, and for a key that may do more than send events of one project:
 *   anybody who looks at the page has it
 */
export function allowedOriginsOf({
  allowedOrigins,
  projectId,
  scopes,
}: Pick<ApiKey, "allowedOrigins" | "projectId" | "scopes">): string[] {
  if (allowedOrigins.length === 0) return [];
  if (scopes.some((scope) => scope !== Scope.INGEST)) {
    throw Failure.invalidField(
      "api_key.scopes",
      "must be INGEST alone for a key with allowed_origins, which anybody can read in the page",
    );
  }
  if (projectId === "") {
    throw Failure.invalidField("api_key.project_id", "is required for a key with allowed_origins", "PROJECT_REQUIRED");
  }
  return [...new Set(allowedOrigins.map((origin, i) => canonicalOrigin(origin, `${PATH}[${i}]`)))];
}

function canonicalOrigin(origin: string, path: string): string {
  const [, scheme, host, digits] = ORIGIN.exec(origin.toLowerCase().replace(/\/$/, "")) ?? [];
  if (scheme === undefined || host === undefined) {
    throw Failure.invalidField(
      path,
      `${JSON.stringify(origin)} is no origin; write https://example.org, or https://*.example.org for its subdomains`,
    );
  }
  if (digits === undefined) return `${scheme}://${host}`;
  const port = Number(digits);
  if (port < 1 || port > PORT_MAX)
    throw Failure.invalidField(path, `has the port ${digits}; ports are 1 to ${PORT_MAX}`);
  return port === USUAL_PORT[scheme] ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}
