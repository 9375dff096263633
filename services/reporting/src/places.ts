import { Failure } from "@millrace/failure";

/** After how long a refused call may be tried again. */
const RETRY_AFTER_MS = 5_000;

/** How many calls of a kind there may be: in the process, and of one project. */
export type PlacesLimits = { readonly max: number; readonly perProjectMax: number };

/** Counts calls that last, such as watches, of the process and of each project. */
export class Places {
  readonly #what: string;
  readonly #limits: PlacesLimits;
  readonly #byProject = new Map<string, number>();
  #all = 0;

  /** @param what the calls, for people: "watches" */
  constructor(what: string, limits: PlacesLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  /**
   * Takes a place, until the function that it gives is called.
   *
   * @throws Failure `exhausted` (LIMIT_REACHED)
   */
  take(projectId: string): () => void {
    const ofProject = this.#byProject.get(projectId) ?? 0;
    const { max, perProjectMax } = this.#limits;
    if (this.#all >= max) throw full(`this server keeps ${max} ${this.#what}`);
    if (ofProject >= perProjectMax) throw full(`a project can have ${perProjectMax} ${this.#what} on a server`);
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
