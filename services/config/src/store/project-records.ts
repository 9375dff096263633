import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Project } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectRecordSchema } from "@millrace/api/millrace/config/v1/project_record_pb";
import { Failure } from "@millrace/failure";
import type { RecordStore, StoredRecord } from "@millrace/record-store";
import { isStale, putSettled } from "./put-settled.ts";

/** The collection of projects, by project id. */
export const PROJECT_COLLECTION = "project";
/** The collection of past revisions, by `<project id>@<revision>`. */
export const DEFINITIONS_COLLECTION = "definitions";

/** A record of the store takes 1 MiB; this leaves room for what the store itself and later fields need. */
const RECORD_BYTES_MAX = 768 * 1024;
/** How often a change is worked out anew on top of somebody else's before it is given up. */
const ATTEMPTS_MAX = 20;
/** How many records are in memory at once when projects are listed: each may be as large as a record can be. */
const CHUNK_RECORDS = 50;

/** A project as it is stored: its present state. */
export type ProjectState = {
  readonly project: Project;
  readonly definitions: Definitions;
  readonly servedGeneration: number;
};

/** A state with the version of its record. */
export type StoredProject = ProjectState & { readonly version: number };

/**
 * Projects and the revisions of their definitions. A project's record holds all of its present; the definitions in it
 * are the newest revision, and a compare-and-set of this one record is what makes a revision.
 *
 * - R1 what was once the newest revision is stored, unchanged, before the record goes on to the next: its bytes come
 *   from the settled record, so all who store it store the same, and a crash in between leaves nothing to clean up.
 * - R2 a revision is readable from when it is the newest, and never before, so nobody can see one that did not come to
 *   be.
 */
export class ProjectRecords {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** The present state, or undefined. */
  async find(projectId: string): Promise<StoredProject | undefined> {
    const record = await this.#records.get(PROJECT_COLLECTION, projectId);
    return record === undefined ? undefined : decode(record);
  }

  /** @throws Failure `notFound` (PROJECT_NOT_FOUND) */
  async get(projectId: string): Promise<StoredProject> {
    const state = await this.find(projectId);
    if (state === undefined) throw notFound(projectId);
    return state;
  }

  /** @throws Failure `exists` (PROJECT_EXISTS) */
  async create(state: ProjectState): Promise<StoredProject> {
    const { projectId } = state.project;
    try {
      return { ...state, version: await this.#put(0, state) };
    } catch (error) {
      if (!isStale(error)) throw error;
      throw new Failure("exists", "PROJECT_EXISTS", `project ${JSON.stringify(projectId)} exists already`);
    }
  }

  /**
   * Changes a project. `change` may be called again, with a newer state, when others change it at the same time; what
   * it throws is thrown. A change of the definitions is a copy of them with the next revision.
   *
   * @throws Failure `notFound`; `stale` (ETAG_MISMATCH) when others were always faster
   */
  async change(projectId: string, change: (state: StoredProject) => ProjectState): Promise<StoredProject> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.get(projectId);
      const after = change(before);
      if (after.definitions !== before.definitions) await this.#keep(before.definitions);
      try {
        return { ...after, version: await this.#put(before.version, after) };
      } catch (error) {
        if (!isStale(error)) throw error;
        if (attempt < ATTEMPTS_MAX) continue;
        const message = `project ${JSON.stringify(projectId)} was changed by others ${ATTEMPTS_MAX} times meanwhile`;
        throw new Failure("stale", "ETAG_MISMATCH", message, { cause: error });
      }
    }
  }

  /**
   * The definitions at a revision, from 1.
   *
   * @throws Failure `notFound` (PROJECT_NOT_FOUND, REVISION_NOT_FOUND)
   */
  async revision(projectId: string, revision: bigint): Promise<Definitions> {
    const past = await this.#past(projectId, revision);
    if (past !== undefined) return past;
    const { definitions } = await this.get(projectId);
    if (definitions.revision === revision) return definitions;
    if (definitions.revision < revision) {
      const message = `project ${JSON.stringify(projectId)} has no revision ${revision}; its newest is ${definitions.revision}`;
      throw new Failure("notFound", "REVISION_NOT_FOUND", message);
    }
    // It may have been the newest at the first look, and past at the second.
    const since = await this.#past(projectId, revision);
    if (since === undefined) throw corrupt(`revision ${revision} of project ${JSON.stringify(projectId)} is missing`);
    return since;
  }

  /** States of projects by id, those after `afterId` (exclusive), at most `limit`, shown one by one to save memory. */
  async *list(afterId: string, limit: number): AsyncGenerator<StoredProject> {
    let after = afterId;
    for (let left = limit; left > 0; ) {
      const asked = Math.min(left, CHUNK_RECORDS);
      const page = await this.#records.list(PROJECT_COLLECTION, {
        limit: asked,
        ...(after === "" ? {} : { afterId: after }),
      });
      for (const record of page) yield decode(record);
      if (page.length < asked) return;
      after = page.at(-1)!.id;
      left -= page.length;
    }
  }

  async #past(projectId: string, revision: bigint): Promise<Definitions | undefined> {
    const record = await this.#records.get(DEFINITIONS_COLLECTION, revisionId(projectId, revision));
    return record === undefined ? undefined : decodeOr(() => fromBinary(DefinitionsSchema, record.value), record.id);
  }

  /** R1. Whoever was first has stored the same. */
  async #keep(definitions: Definitions): Promise<void> {
    const id = revisionId(definitions.projectId, definitions.revision);
    const value = toBinary(DefinitionsSchema, definitions);
    await putSettled(this.#records, { collection: DEFINITIONS_COLLECTION, id, expectedVersion: 0, value }).catch(
      (error: unknown) => {
        if (!isStale(error)) throw error;
      },
    );
  }

  #put(expectedVersion: number, state: ProjectState): Promise<number> {
    const { project, definitions, servedGeneration } = state;
    const value = toBinary(
      ProjectRecordSchema,
      create(ProjectRecordSchema, { project, definitions, servedGeneration }),
    );
    if (value.length > RECORD_BYTES_MAX) {
      const message = `the project's definitions would take ${value.length} bytes; at most ${RECORD_BYTES_MAX} are stored`;
      throw new Failure("precondition", "LIMIT_REACHED", message);
    }
    const id = project.projectId;
    return putSettled(this.#records, { collection: PROJECT_COLLECTION, id, expectedVersion, value });
  }
}

/** The id of a revision's record; padded, so that ids sort as revisions do. */
function revisionId(projectId: string, revision: bigint): string {
  return `${projectId}@${String(revision).padStart(20, "0")}`;
}

function decode(record: StoredRecord): StoredProject {
  const { project, definitions, servedGeneration } = decodeOr(
    () => fromBinary(ProjectRecordSchema, record.value),
    record.id,
  );
  if (project === undefined || definitions === undefined) throw corrupt(`the record of ${record.id} is incomplete`);
  return { project, definitions, servedGeneration, version: record.version };
}

function decodeOr<T>(read: () => T, id: string): T {
  try {
    return read();
  } catch (error) {
    throw corrupt(`the record of ${id} can not be decoded`, error);
  }
}

function corrupt(what: string, cause?: unknown): Failure {
  return new Failure("corrupt", "DATA_CORRUPT", what, { cause });
}

function notFound(projectId: string): Failure {
  return new Failure("notFound", "PROJECT_NOT_FOUND", `project ${JSON.stringify(projectId)} does not exist`);
}
