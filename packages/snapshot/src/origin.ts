import { toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { Failure, type Reason } from "@millrace/failure";

/** What config says of a project now. */
export type Served = {
  readonly definitions: Definitions;
  readonly servedGeneration: number;
  /** The size of the definitions as encoded. */
  readonly bytes: number;
};

/** Who calls, once the key was found to be good. */
export type KeyHolder = {
  readonly keyId: string;
  /** The one project that the key is for; undefined: all of the account. */
  readonly projectId: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** The origins whose web pages may use the key; empty for a key of servers and tools. */
  readonly allowedOrigins: readonly string[];
};

/** What is kept of an API key. */
export type Credential = {
  readonly holder: KeyHolder;
  readonly secretHash: Uint8Array;
  readonly revoked: boolean;
};

/** Where a snapshot reads from: config, with its errors made into failures. */
export type Origin = {
  /** @throws Failure `notFound`; `unavailable` for anything that may be better later */
  readonly readDefinitions: (projectId: string, revision: bigint) => Promise<Served>;
  /** @throws Failure `notFound`; `unavailable` for anything that may be better later */
  readonly readCredential: (keyId: string) => Promise<Credential>;
  /** The secrets of config's today and tomorrow, by day. @throws Failure `unavailable` */
  readonly readVisitorSalts: () => Promise<ReadonlyMap<string, Uint8Array>>;
};

/** Reads over a client of config's SnapshotService, each within `timeoutMs`. */
export function createOrigin(client: Client<typeof SnapshotService>, timeoutMs: number, closed: AbortSignal): Origin {
  const options = { timeoutMs, signal: closed };
  return {
    async readDefinitions(projectId, revision) {
      const what = revision === 0n ? `project "${projectId}"` : `revision ${revision} of project "${projectId}"`;
      const reason = revision === 0n ? "PROJECT_NOT_FOUND" : "REVISION_NOT_FOUND";
      const answer = await client
        .getDefinitions({ projectId, revision }, options)
        .catch((error: unknown) => Promise.reject(failureOf(error, what, reason)));
      const { definitions, servedGeneration } = answer;
      if (definitions === undefined) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "config answered nothing");
      return { definitions, servedGeneration, bytes: toBinary(DefinitionsSchema, definitions).length };
    },
    async readCredential(keyId) {
      const answer = await client
        .getCredential({ keyId }, options)
        .catch((error: unknown) => Promise.reject(failureOf(error, `API key "${keyId}"`, "CREDENTIAL_UNKNOWN")));
      return {
        holder: {
          keyId,
          projectId: answer.projectId === "" ? undefined : answer.projectId,
          scopes: new Set(answer.scopes),
          allowedOrigins: answer.allowedOrigins,
        },
        secretHash: answer.secretHash,
        revoked: answer.revokeTime !== undefined,
      };
    },
    async readVisitorSalts() {
      const { salts } = await client
        .getVisitorSalts({}, options)
        .catch((error: unknown) => Promise.reject(failureOf(error, "the visitors' secrets", "BACKEND_UNAVAILABLE")));
      return new Map(salts.map(({ date, salt }) => [date, salt]));
    },
  };
}

function failureOf(error: unknown, what: string, absent: Reason): Failure {
  const { code } = ConnectError.from(error);
  if (code === Code.NotFound || code === Code.InvalidArgument) {
    return new Failure("notFound", absent, `there is no ${what}`, { cause: error });
  }
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", `config can not be asked for ${what} now`, { cause: error });
}
