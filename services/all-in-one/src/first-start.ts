import { join } from "node:path";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import type { ConfigApp } from "@millrace/config";
import { CREDENTIALS_FILE, type Credentials, readCredentials, writeCredentials } from "@millrace/credential";

/** What the first lines on the screen name. */
export type FirstStart = { readonly credentials: Credentials; readonly path: string };

/**
 * Makes sure that there is an administrator's key and, unless it is "", a demo project with a key, and that the
 * credentials file names both with the server's address. Changes nothing where all of it is there.
 */
export async function ensureFirstStart(
  bootstrap: ConfigApp["bootstrap"],
  options: { readonly dataDirectory: string; readonly url: string; readonly demoProject: string },
): Promise<FirstStart> {
  const path = join(options.dataDirectory, CREDENTIALS_FILE);
  const known = readCredentials(path) ?? { url: options.url, projectKeys: {} };
  const adminKey = (await bootstrap.ensureAdminKey(known.adminKey)) ?? known.adminKey;
  const projectKeys = { ...known.projectKeys };
  const { demoProject } = options;
  if (demoProject !== "") {
    await bootstrap.ensureProject({ projectId: demoProject, displayName: "Demo", template: Template.WEB });
    const grant = {
      projectId: demoProject,
      displayName: "Demo",
      scopes: [Scope.INGEST, Scope.REPORT],
    };
    const created = await bootstrap.ensureKey(projectKeys[demoProject], grant);
    if (created !== undefined) projectKeys[demoProject] = created;
  }
  const credentials = { ...known, url: options.url, adminKey, projectKeys };
  writeCredentials(path, credentials);
  return { credentials, path };
}
