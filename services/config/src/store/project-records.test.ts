import { create } from "@bufbuild/protobuf";
import { ProjectSchema } from "@millrace/api/millrace/config/v1/project_pb";
import { Failure } from "@millrace/failure";
import type { RecordChange, RecordStore } from "@millrace/record-store";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { newProject } from "../project/new-project.ts";
import { revise } from "../project/next-revision.ts";
import { DEFINITIONS_COLLECTION, PROJECT_COLLECTION, ProjectRecords, type ProjectState } from "./project-records.ts";

const OPTIONS = { nowMs: 1_000, processingVersion: 1 };
const FIRST = newProject(create(ProjectSchema, { projectId: "p" }), OPTIONS);

/** A change that raises the spread by one. */
const raise = (before: ProjectState) =>
  revise(before, OPTIONS, (next) => {
    next.spread += 1;
  });

/** What happens to a put instead of success. */
type Accident = "lost" | "answer lost";

class Crash extends Error {}

/** A store whose puts have accidents: the process dies before or after the write, or the answer is lost. */
function accidents(
  records: RecordStore,
  next: (change: RecordChange) => Accident | "crash before" | "crash after" | undefined,
): RecordStore {
  return {
    get: (...args) => records.get(...args),
    list: (...args) => records.list(...args),
    watch: (...args) => records.watch(...args),
    ready: (...args) => records.ready(...args),
    close: () => records.close(),
    async put(change, options) {
      const accident = next(change);
      if (accident === "crash before") throw new Crash();
      if (accident === "lost") throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "lost");
      const version = await records.put(change, options);
      if (accident === "crash after") throw new Crash();
      if (accident === "answer lost") throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "answer lost");
      return version;
    },
  };
}

async function openRecords(): Promise<RecordStore> {
  const records = await openEmbeddedRecordStore({ directory: ":memory:" });
  onTestFinished(() => records.close());
  return records;
}

describe("revisions", () => {
  it("are all readable, and none beyond the newest", async () => {
    const projects = new ProjectRecords(await openRecords());
    await projects.create(FIRST);
    for (let i = 0; i < 3; i++) await projects.change("p", raise);
    for (let revision = 1; revision <= 4; revision++) {
      const definitions = await projects.revision("p", BigInt(revision));
      expect(definitions).toMatchObject({ revision: BigInt(revision), spread: revision });
    }
    await expect(projects.revision("p", 5n)).rejects.toMatchObject({ kind: "notFound", reason: "REVISION_NOT_FOUND" });
    await expect(projects.revision("q", 1n)).rejects.toMatchObject({ reason: "PROJECT_NOT_FOUND" });
  });

  it("lose nothing when many change a project at once", async () => {
    const projects = new ProjectRecords(await openRecords());
    await projects.create(FIRST);
    await Promise.all(Array.from({ length: 8 }, () => projects.change("p", raise)));
    expect((await projects.get("p")).definitions).toMatchObject({ revision: 9n, spread: 9 });
  });

  it("stay what they were when first seen, whatever crashes, lost answers and rivals there are", async () => {
    const accident = fc.constantFrom(
      undefined,
      undefined,
      "crash before",
      "crash after",
      "lost",
      "answer lost" as const,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(accident, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (plan, writers) => {
        const records = await openEmbeddedRecordStore({ directory: ":memory:" });
        try {
          await new ProjectRecords(records).create(FIRST);
          const queue = [...plan];
          const unreliable = accidents(records, () => queue.shift());
          const seen = new Map<bigint, number>();
          const look = async (projects: ProjectRecords) => {
            const { definitions } = await projects.get("p");
            for (let revision = 1n; revision <= definitions.revision; revision++) {
              const { spread } = await projects.revision("p", revision);
              expect(spread).toBe(seen.get(revision) ?? spread);
              seen.set(revision, spread);
            }
          };
          let made = 0;
          const write = async (step: number) => {
            for (let i = 0; i < 4; i++) {
              // Each writer is a process of its own, so a crash is an error from which it begins anew.
              const projects = new ProjectRecords(unreliable);
              const changed = projects.change("p", (before) =>
                revise(before, OPTIONS, (next) => {
                  next.spread += step;
                }),
              );
              await changed.then(
                () => {
                  made += step;
                },
                () => {},
              );
              await look(projects);
            }
          };
          await Promise.all(Array.from({ length: writers }, (_, i) => write(10 ** i)));
          // Every change that was reported as made is in; a crash after the write may have made more.
          expect((await new ProjectRecords(records).get("p")).definitions.spread).toBeGreaterThanOrEqual(1 + made);
        } finally {
          await records.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("go on after a crash between the keeping of the old and the making of the new", async () => {
    const records = await openRecords();
    await new ProjectRecords(records).create(FIRST);
    const dying = accidents(records, ({ collection }) =>
      collection === PROJECT_COLLECTION ? "crash before" : undefined,
    );
    await expect(new ProjectRecords(dying).change("p", raise)).rejects.toThrow(Crash);
    expect(await records.list(DEFINITIONS_COLLECTION, { limit: 10 })).toHaveLength(1);
    const projects = new ProjectRecords(records);
    expect((await projects.get("p")).definitions.revision).toBe(1n);
    const after = await projects.change("p", (before) =>
      revise(before, OPTIONS, (next) => {
        next.spread = 77;
      }),
    );
    expect(after.definitions).toMatchObject({ revision: 2n, spread: 77 });
    expect(await projects.revision("p", 1n)).toMatchObject({ spread: 1 });
  });
});

describe("a change whose outcome is not known", () => {
  it.each(["lost", "answer lost"] as const)("is made once when the write was %s", async (accident) => {
    const records = await openRecords();
    await new ProjectRecords(records).create(FIRST);
    const queue: Accident[] = [accident, accident];
    const projects = new ProjectRecords(accidents(records, () => queue.shift()));
    const after = await projects.change("p", raise);
    expect(after.definitions).toMatchObject({ revision: 2n, spread: 2 });
    expect((await projects.get("p")).version).toBe(after.version);
  });

  it("is reported as not known when the store stays that way", async () => {
    const records = await openRecords();
    await new ProjectRecords(records).create(FIRST);
    const projects = new ProjectRecords(accidents(records, () => "lost"));
    await expect(projects.change("p", raise)).rejects.toMatchObject({ kind: "unknownOutcome" });
  });
});

describe("a project's record", () => {
  it("that would be too large is refused, saying how large it may be", async () => {
    const projects = new ProjectRecords(await openRecords());
    await projects.create(FIRST);
    const grown = projects.change("p", (before) =>
      revise(before, OPTIONS, (next) => {
        next.timeZone = "x".repeat(800_000);
      }),
    );
    await expect(grown).rejects.toMatchObject({ kind: "precondition", reason: "LIMIT_REACHED" });
    await expect(grown).rejects.toThrow(/786432/);
  });

  it("that is damaged is reported as such", async () => {
    const records = await openRecords();
    const value = new Uint8Array([255, 255]);
    await records.put({ collection: PROJECT_COLLECTION, id: "p", expectedVersion: 0, value });
    await expect(new ProjectRecords(records).get("p")).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("is worked out anew on a change by others, up to a limit", async () => {
    const records = await openRecords();
    const rival = new ProjectRecords(records);
    await rival.create(FIRST);
    let attempts = 0;
    const slow: RecordStore = {
      ...accidents(records, () => undefined),
      async put(change) {
        attempts += 1;
        if (change.collection === PROJECT_COLLECTION) await rival.change("p", raise);
        return records.put(change);
      },
    };
    await expect(new ProjectRecords(slow).change("p", raise)).rejects.toMatchObject({ kind: "stale" });
    expect(attempts).toBe(40);
  });
});
