import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Failure } from "@millrace/failure";
import { Backoff } from "./backoff.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { Served } from "./origin.ts";
import { cancelled, withSignal } from "./with-signal.ts";

/** What revisions are read by, and their bounds. */
export type RevisionsOptions = {
  readonly read: (projectId: string, revision: bigint) => Promise<Served>;
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly backoffMsMax: number;
  readonly random: () => number;
  readonly closed: AbortSignal;
};

/** A bounded cache of revisions, which never change once they exist. */
export class Revisions {
  readonly #options: RevisionsOptions;
  readonly #known: BoundedCache<Served>;
  readonly #loads = new Map<string, Promise<Served>>();
  /** How many questions were answered from memory, and how many were not. */
  hitCount = 0;
  missCount = 0;

  constructor(options: RevisionsOptions) {
    this.#options = options;
    const { entriesMax, bytesMax } = options;
    this.#known = new BoundedCache({ entriesMax, bytesMax, sizeOf: ({ bytes }) => bytes });
  }

  /** A revision if it is known already. */
  peek(projectId: string, revision: bigint): Definitions | undefined {
    return this.#known.get(`${projectId}@${revision}`)?.definitions;
  }

  /**
   * A revision, waiting for as long as config is away.
   *
   * @throws Failure `notFound` (REVISION_NOT_FOUND); `cancelled` when the signal aborts
   */
  async get(projectId: string, revision: bigint, signal?: AbortSignal): Promise<Definitions> {
    const known = this.peek(projectId, revision);
    if (known !== undefined) return known;
    const { backoffMsMax, random, closed } = this.#options;
    const either = signal === undefined ? closed : AbortSignal.any([closed, signal]);
    const backoff = new Backoff(backoffMsMax, random);
    for (;;) {
      try {
        return (await withSignal(this.#load(projectId, revision), either)).definitions;
      } catch (error) {
        if (either.aborted) throw cancelled(either);
        if (!(error instanceof Failure) || error.kind !== "unavailable") throw error;
      }
      await backoff.pause(either);
    }
  }

  #load(projectId: string, revision: bigint): Promise<Served> {
    const key = `${projectId}@${revision}`;
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    const load = this.#options
      .read(projectId, revision)
      .then((served) => {
        this.#known.set(key, served);
        return served;
      })
      .finally(() => this.#loads.delete(key));
    this.#loads.set(key, load);
    return load;
  }
}
