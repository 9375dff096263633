import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ApiKey } from "@millrace/api/millrace/config/v1/api_key_pb";
import { type ApiKeyRecord, ApiKeyRecordSchema } from "@millrace/api/millrace/config/v1/api_key_record_pb";
import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import { isStale, putSettled } from "./put-settled.ts";

/** The collection of keys, by key id. */
export const API_KEY_COLLECTION = "api_key";
/** An index of the keys by project: ids are `<project id>/<key id>`, the project empty for keys of the account. */
const INDEX_COLLECTION = "api_key_of_project";

/** A project, and the account, may have so many keys, revoked ones included. */
export const API_KEYS_MAX = 1_000;

/** A key as it is stored, with the version of its record. */
export type StoredApiKey = { readonly apiKey: ApiKey; readonly secretHash: Uint8Array; readonly version: number };

/** Some of the keys, and after which id there may be more. */
export type ApiKeyPage = { readonly keys: readonly StoredApiKey[]; readonly nextAfterId: string | undefined };

/** API keys: hashes of their secrets, never the secrets. */
export class ApiKeyRecords {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** The key, or undefined. */
  async find(keyId: string): Promise<StoredApiKey | undefined> {
    const record = await this.#records.get(API_KEY_COLLECTION, keyId);
    return record === undefined ? undefined : decode(keyId, record.value, record.version);
  }

  /**
   * Stores a new key. The index is written first: an entry without its key says nothing, a key without its entry could
   * not be found to be revoked.
   *
   * @throws Failure `precondition` (LIMIT_REACHED); `stale` when the key id is taken
   */
  async create(apiKey: ApiKey, secretHash: Uint8Array): Promise<void> {
    const { keyId, projectId } = apiKey;
    const prefix = `${projectId}/`;
    const entries = await this.#records.list(INDEX_COLLECTION, { prefix, limit: API_KEYS_MAX });
    if (entries.length >= API_KEYS_MAX) {
      const whose = projectId === "" ? "the account" : `project ${JSON.stringify(projectId)}`;
      throw new Failure("precondition", "LIMIT_REACHED", `${whose} has ${API_KEYS_MAX} keys, which is the limit`);
    }
    const entry = { collection: INDEX_COLLECTION, id: prefix + keyId, expectedVersion: 0, value: new Uint8Array(0) };
    await putSettled(this.#records, entry).catch((error: unknown) => {
      if (!isStale(error)) throw error;
    });
    await this.#put(0, { apiKey, secretHash });
  }

  /** Puts a changed key in the place of `before`; fails with `stale` when it was changed meanwhile. */
  async replace(before: StoredApiKey, apiKey: ApiKey): Promise<void> {
    await this.#put(before.version, { apiKey, secretHash: before.secretHash });
  }

  /** All keys by id, those after `afterId` (exclusive), at most `limit` (1 to 1,000). */
  async list(afterId: string, limit: number): Promise<ApiKeyPage> {
    const page = { limit, ...(afterId === "" ? {} : { afterId }) };
    const records = await this.#records.list(API_KEY_COLLECTION, page);
    const keys = records.map((record) => decode(record.id, record.value, record.version));
    return { keys, nextAfterId: records.length < limit ? undefined : records.at(-1)?.id };
  }

  /** A project's keys (of the account: "") by id, those after `afterId` (exclusive), at most `limit` (1 to 1,000). */
  async listOf(projectId: string, afterId: string, limit: number): Promise<ApiKeyPage> {
    const prefix = `${projectId}/`;
    const page = { prefix, limit, ...(afterId === "" ? {} : { afterId: prefix + afterId }) };
    const ids = (await this.#records.list(INDEX_COLLECTION, page)).map((entry) => entry.id.slice(prefix.length));
    const found = await Promise.all(ids.map((id) => this.find(id)));
    const keys = found.filter((key) => key?.apiKey.projectId === projectId) as StoredApiKey[];
    return { keys, nextAfterId: ids.length < limit ? undefined : ids.at(-1) };
  }

  #put(expectedVersion: number, key: { apiKey: ApiKey; secretHash: Uint8Array }): Promise<number> {
    const value = toBinary(ApiKeyRecordSchema, create(ApiKeyRecordSchema, key));
    return putSettled(this.#records, {
      collection: API_KEY_COLLECTION,
      id: key.apiKey.keyId,
      expectedVersion,
      value,
    });
  }
}

function decode(keyId: string, value: Uint8Array, version: number): StoredApiKey {
  let record: ApiKeyRecord;
  try {
    record = fromBinary(ApiKeyRecordSchema, value);
  } catch (error) {
    throw new Failure("corrupt", "DATA_CORRUPT", `the record of API key "${keyId}" can not be decoded`, {
      cause: error,
    });
  }
  const { apiKey, secretHash } = record;
  if (apiKey === undefined) {
    throw new Failure("corrupt", "DATA_CORRUPT", `the record of API key "${keyId}" is incomplete`);
  }
  return { apiKey, secretHash, version };
}
