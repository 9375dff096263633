import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type Project, ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { hashSecret, parseApiKey, secretMatches } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import { issueKey, type KeyGrant, storeKey } from "./api-key/issue-key.ts";
import type { Dependencies } from "./dependencies.ts";
import { newProject } from "./project/new-project.ts";
import { presentProject } from "./project/present-project.ts";
import { API_KEYS_MAX } from "./store/api-key-records.ts";
import { isStale } from "./store/put-settled.ts";

/** What a first start needs before anybody can call. Each may be repeated at every start. */
export interface Bootstrap {
  /** Whether there is any good key of the account with the scope ADMIN. */
  hasAdmin(): Promise<boolean>;
  /** Makes the project where there is none of that id; what there is stays as it is. */
  ensureProject(project: MessageInitShape<typeof ProjectSchema>): Promise<Project>;
  /**
   * Makes sure that somebody can manage the account: that `adminKey` is a key of the account, or, where
   * none is given, that there is any good key of the account with the scope ADMIN.
   *
   * @returns the text of the key, only when it was made now
   * @throws Failure `unauthenticated` when `adminKey` is malformed, was revoked, or its id belongs to another key
   */
  ensureAdminKey(adminKey?: string): Promise<string | undefined>;
  /**
   * Makes sure that a key works: that of `text`, stored anew with what is granted where it is not known; without a text,
   * a new one.
   *
   * @returns the text of the key, only when it was made now
   */
  ensureKey(text: string | undefined, grant: KeyGrant): Promise<string | undefined>;
}

const ADMIN: KeyGrant = {
  projectId: "",
  displayName: "Administrator",
  scopes: [Scope.REPORT, Scope.ADMIN],
};

/** Makes the bootstrap of a config. */
export function createBootstrap(dependencies: Dependencies): Bootstrap {
  const { projects, keys, clock, processingVersion } = dependencies;

  async function hasAdmin(): Promise<boolean> {
    const page = await keys.listOf("", "", API_KEYS_MAX);
    return page.keys.some(({ apiKey }) => apiKey.revokeTime === undefined && apiKey.scopes.includes(Scope.ADMIN));
  }

  async function ensureKnown(text: string, grant: KeyGrant): Promise<void> {
    const { keyId, secret } = parseApiKey(text);
    if ((await keys.find(keyId)) === undefined) {
      await storeKey(dependencies, { keyId, secretHash: hashSecret(secret) }, grant).catch((error: unknown) => {
        if (!isStale(error)) throw error;
      });
    }
    const key = await keys.find(keyId);
    if (key === undefined || !secretMatches(secret, key.secretHash)) {
      throw new Failure(
        "unauthenticated",
        "CREDENTIAL_UNKNOWN",
        `the API key "${keyId}" is stored with another secret`,
      );
    }
    if (key.apiKey.revokeTime !== undefined) {
      throw new Failure("unauthenticated", "CREDENTIAL_REVOKED", `the API key "${keyId}" was revoked`);
    }
  }

  const bootstrap: Bootstrap = {
    hasAdmin,
    async ensureProject(project) {
      const requested = create(ProjectSchema, project);
      const found = await projects.find(requested.projectId);
      if (found !== undefined) return presentProject(found);
      try {
        return presentProject(await projects.create(newProject(requested, { nowMs: clock(), processingVersion })));
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== "exists") throw error;
        return presentProject(await projects.get(requested.projectId));
      }
    },
    async ensureAdminKey(adminKey) {
      if (adminKey === undefined && (await hasAdmin())) return undefined;
      return bootstrap.ensureKey(adminKey, ADMIN);
    },
    async ensureKey(text, grant) {
      if (grant.projectId !== "") await projects.get(grant.projectId);
      if (text === undefined) return (await issueKey(dependencies, grant)).text;
      await ensureKnown(text, grant);
      return undefined;
    },
  };
  return bootstrap;
}
