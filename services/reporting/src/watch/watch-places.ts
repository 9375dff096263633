import { Failure } from "@millrace/failure";
import type { ReportingLimits } from "../limits.ts";

/** After how long a refused watch may be tried again. */
const RETRY_AFTER_MS = 5_000;

/** Counts watches, of the process and of each project. */
export class WatchPlaces {
  readonly #limits: ReportingLimits;
  readonly #byProject = new Map<string, number>();
  #all = 0;

  constructor(limits: ReportingLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a place, until the function that it gives is called.
   *
   * @throws Failure `exhausted` (LIMIT_REACHED)
   */
  take(projectId: string): () => void {
    const ofProject = this.#byProject.get(projectId) ?? 0;
    const { watchesMax, watchesPerProjectMax } = this.#limits;
    if (this.#all >= watchesMax) throw full(`this server keeps ${watchesMax} watches`);
    if (ofProject >= watchesPerProjectMax) throw full(`a project can have ${watchesPerProjectMax} watches on a server`);
    this.#all += 1;
    this.#byProject.set(projectId, ofProject + 1);
    return () => this.#give(projectId);
  }

  #give(projectId: string): void {
    const left = (this.#byProject.get(projectId) ?? 1) - 1;
    this.#all -= 1;
    if (left > 0) this.#byProject.set(projectId, left);
    else this.#byProject.delete(projectId);
  }
}

function full(what: string): Failure {
  const message = `${what}, and all are taken; end one, or try again`;
  return new Failure("exhausted", "LIMIT_REACHED", message, { retryAfterMs: RETRY_AFTER_MS });
}
