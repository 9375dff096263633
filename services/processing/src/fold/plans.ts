import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { CURRENT_VERSION, ENRICHMENT_VERSIONS, enrichment } from "@millrace/enrichment";
import { Failure } from "@millrace/failure";
import { createCompiler, type Plan } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import { LRUCache } from "lru-cache";

/** The newest version of enrichment and fold that this release applies; it applies the one before unchanged. */
export const PROCESSING_VERSION: number = CURRENT_VERSION;

type Compiler = ReturnType<typeof createCompiler>;

/** A plan, with what its project's claims need. */
export type ProjectPlan = {
  readonly plan: Plan;
  /** The longest late window that was ever in force, in milliseconds. */
  readonly lateWindowMs: number;
};

/**
 * The plans that records are folded with: exactly the revision and version that a section is stamped with (P3). What is
 * not used any more is forgotten.
 */
export class Plans {
  readonly #snapshot: Snapshot;
  readonly #compilers = new Map<number, Compiler>(
    ENRICHMENT_VERSIONS.map((version) => [version, createCompiler(enrichment(version).fields)]),
  );
  readonly #plans: LRUCache<string, ProjectPlan>;

  constructor(snapshot: Snapshot, plansMax: number) {
    this.#snapshot = snapshot;
    // By size, not by number: told a number, the cache takes the room for all of them at once.
    this.#plans = new LRUCache({ maxSize: plansMax, sizeCalculation: () => 1 });
  }

  /** The plan, if it is at hand. */
  peek(projectId: string, revision: number, version: number): ProjectPlan | undefined {
    return this.#plans.get(planName(projectId, revision, version));
  }

  /**
   * Fetches a plan that is not at hand, waiting for as long as config is away.
   *
   * @throws Failure `notFound` when there is no such project or revision, `precondition` when this release is older than
   *   the section's version: the partition must wait for a newer one
   */
  async load(projectId: string, revision: number, version: number, signal: AbortSignal): Promise<ProjectPlan> {
    const compile = this.#compilers.get(version);
    if (compile === undefined) {
      const message = `the log holds events for processing version ${version}; this release knows up to ${PROCESSING_VERSION}`;
      throw new Failure("precondition", "BACKEND_UNAVAILABLE", message);
    }
    const definitions = await this.#snapshot.definitionsAt(projectId, revision, { signal });
    const plan = { plan: compile(definitions), lateWindowMs: longestWindowMs(definitions) };
    this.#plans.set(planName(projectId, revision, version), plan);
    return plan;
  }
}

function longestWindowMs(definitions: Definitions): number {
  return Math.max(...definitions.lateWindows.map(({ window }) => Number(window?.seconds ?? 0n) * 1000));
}

function planName(projectId: string, revision: number, version: number): string {
  return `${projectId}@${revision}/${version}`;
}
