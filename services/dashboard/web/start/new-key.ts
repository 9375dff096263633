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
