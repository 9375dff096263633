import { createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { transport } from "../rpc/transport.ts";

const keys = createClient(ApiKeyService, transport);

/** Makes a key that servers and tools send events with; gives its text, which is not shown again. */
export async function newServerKey(projectId: string): Promise<string> {
  const { text } = await keys.createApiKey({
    apiKey: { projectId, displayName: "Made on the page", scopes: [Scope.INGEST] },
  });
  return text;
}

/** Makes a key that the pages of one origin may carry. */
export async function newBrowserKey(projectId: string, origin: string): Promise<string> {
  const { text } = await keys.createApiKey({
    apiKey: { projectId, displayName: `Web pages of ${origin}`, scopes: [Scope.INGEST], allowedOrigins: [origin] },
  });
  return text;
}

/** The origin of whatever a person writes for a site: "example.org" is https://example.org. Undefined for nonsense. */
export function originOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const isLocal = /^(localhost|127\.0\.0\.1)(:\d+)?(\/|$)/.test(trimmed);
  const address = /^https?:\/\//i.test(trimmed) ? trimmed : `${isLocal ? "http" : "https"}://${trimmed}`;
  const wildcard = address.replace("://*.", "://");
  if (!URL.canParse(wildcard)) return undefined;
  const { protocol, host } = new URL(wildcard);
  if (host === "" || (!host.includes(".") && !host.startsWith("localhost"))) return undefined;
  return `${protocol}//${wildcard === address ? "" : "*."}${host}`;
}
