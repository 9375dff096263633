import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import type { Connection } from "../connection.ts";

/** Makes a key that may import, once, and keeps it in the credentials file; needs the administrator's key for that. */
export async function ensureImportKey(connection: Connection): Promise<void> {
  if (connection.canImport || !connection.canManage) return;
  const projectId = connection.project;
  const { text } = await connection.client(ApiKeyService, "manage").createApiKey({
    apiKey: { projectId, displayName: "Imports by the command line", scopes: [Scope.IMPORT] },
  });
  connection.keep(projectId, { importKey: text });
  process.stderr.write(`A key for imports into ${projectId} was made, and kept in ${connection.credentialsPath}.\n`);
}
