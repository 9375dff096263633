import { setTimeout as pause } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  WatchChangesRequest,
  WatchChangesResponseSchema,
} from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { Failure } from "@millrace/failure";
import type { RecordNotice } from "@millrace/record-store";
import type { Dependencies } from "../dependencies.ts";
import { API_KEY_COLLECTION } from "../store/api-key-records.ts";
import { PROJECT_COLLECTION } from "../store/project-records.ts";

type Change = MessageInitShape<typeof WatchChangesResponseSchema>;

/** Changes are gathered for so long before they are told of: many at once cost readers one round trip, not many. */
const GATHER_MS = 50;
/** A reader that lets this many changed things pile up has to begin anew. */
const PENDING_MAX = 10_000;
/** How many things one message names. */
const MESSAGE_NAMES_MAX = 1_000;

/** Makes the handler of SnapshotService.WatchChanges. */
export function createWatchChanges({
  records,
  closing,
  watches,
}: Pick<Dependencies, "records" | "closing" | "watches">) {
  return async function* watchChanges(
    _request: WatchChangesRequest,
    context: Pick<HandlerContext, "signal">,
  ): AsyncGenerator<Change> {
    const ended = new AbortController();
    const signal = AbortSignal.any([context.signal, closing, ended.signal]);
    const pending = new PendingChanges();
    watches.add(1, {});
    try {
      // The store tells of changes from here on: none is missed between the first message and the next.
      const gathering = pending.gather(records.watch({ signal }));
      yield {};
      while (await pending.some()) {
        // Only the abort ends the pause early; what was gathered is still told.
        await pause(GATHER_MS, undefined, { signal }).catch(() => {});
        yield* pending.take();
      }
      await gathering;
    } finally {
      watches.add(-1, {});
      ended.abort();
    }
    throw new Failure("unavailable", "DRAINING", "the watch has ended; begin it anew");
  };
}

/** Changes that were not told of yet. */
class PendingChanges {
  #projectIds = new Set<string>();
  #keyIds = new Set<string>();
  #ended = false;
  #wake = () => {};

  /** Takes in what the store tells of, until that ends. Fails as the store does, or when too much piles up. */
  gather(notices: AsyncIterable<readonly RecordNotice[]>): Promise<void> {
    const gathering = this.#gather(notices).finally(() => {
      this.#ended = true;
      this.#wake();
    });
    // Whoever waits for it learns of the failure later; until then it is nobody's.
    gathering.catch(() => {});
    return gathering;
  }

  /** Resolves once there is something to tell of; with false when there will be no more. */
  async some(): Promise<boolean> {
    while (this.#size === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#ended;
  }

  /** What is to be told, in messages of bounded size. */
  *take(): Generator<Change> {
    const projectIds = [...this.#projectIds];
    const keyIds = [...this.#keyIds];
    this.#projectIds = new Set();
    this.#keyIds = new Set();
    for (let i = 0; i < projectIds.length; i += MESSAGE_NAMES_MAX) {
      yield { projectIds: projectIds.slice(i, i + MESSAGE_NAMES_MAX) };
    }
    for (let i = 0; i < keyIds.length; i += MESSAGE_NAMES_MAX) {
      yield { keyIds: keyIds.slice(i, i + MESSAGE_NAMES_MAX) };
    }
  }

  get #size(): number {
    return this.#projectIds.size + this.#keyIds.size;
  }

  async #gather(notices: AsyncIterable<readonly RecordNotice[]>): Promise<void> {
    for await (const batch of notices) {
      for (const { collection, id } of batch) {
        if (collection === PROJECT_COLLECTION) this.#projectIds.add(id);
        else if (collection === API_KEY_COLLECTION) this.#keyIds.add(id);
      }
      if (this.#size > PENDING_MAX) {
        const message = `more than ${PENDING_MAX} changes wait to be read, which is the limit; begin the watch anew`;
        throw new Failure("unavailable", "OVERLOADED", message);
      }
      if (this.#size > 0) this.#wake();
    }
  }
}
