import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type BlockKey, type CellStore, watermarkState } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import {
  applyDelta,
  Block,
  compile,
  type DeltaPart,
  type FoldEvent,
  NO_DERIVED_FIELDS,
  type PartialBlock,
  TIERS,
  type Tier,
  tierOf,
} from "@millrace/rollup";
import { onTestFinished } from "vitest";

/** An event of a test's project. */
export type TestEvent = {
  readonly timeMs: number;
  readonly country: string;
  readonly page: string;
  readonly user: string;
  readonly amount: number;
};

/** A block that a flush has stored, with its changed cells. */
export type Flushed = { readonly key: BlockKey; readonly partial: PartialBlock };

type OpenBlock = { readonly key: BlockKey; readonly block: Block; dirty: boolean };

/** Folds records with the real fold, as processing does, into a cell store in memory. */
export class FoldedStore {
  readonly store: CellStore;
  readonly #blocks = new Map<string, OpenBlock>();
  readonly #offsets = new Map<string, number>();

  private constructor(store: CellStore) {
    this.store = store;
  }

  static async open(): Promise<FoldedStore> {
    const store = await openEmbeddedCellStore({ directory: ":memory:" });
    onTestFinished(() => store.close());
    return new FoldedStore(store);
  }

  /**
   * Folds one record of events that were received, and appended, at one moment.
   *
   * @param tiers which tiers take it: those whose watermark is behind it do not have it yet
   */
  fold(
    definitions: Definitions,
    events: readonly TestEvent[],
    receivedAtMs: number,
    tiers: readonly Tier[] = TIERS,
    source = "1:0",
  ): void {
    const plan = compile(definitions, NO_DERIVED_FIELDS);
    const delta = plan.newDelta(receivedAtMs);
    for (const event of events) plan.fold(delta, foldEvent(event, receivedAtMs));
    const offset = (this.#offsets.get(source) ?? -1) + 1;
    this.#offsets.set(source, offset);
    const parts = new Map<OpenBlock, DeltaPart[]>();
    for (const part of plan.parts(delta)) {
      if (!tiers.includes(tierOf(part.granularity))) continue;
      const open = this.#open(definitions.projectId, part, source);
      parts.set(open, [...(parts.get(open) ?? []), part]);
    }
    for (const [open, list] of parts) {
      applyDelta(open.block, list, offset, receivedAtMs);
      open.dirty = true;
    }
  }

  /** Stores what has changed; gives the changes. */
  async flush(): Promise<readonly Flushed[]> {
    const dirty = [...this.#blocks.values()].filter((open) => open.dirty);
    await this.store.writeBlocks(dirty.map(({ key, block }) => ({ key, wts: block.wts, blob: block.encode() })));
    for (const open of dirty) open.dirty = false;
    return dirty.flatMap(({ key, block }) => {
      const partial = block.takeTouched();
      return partial === undefined ? [] : [{ key, partial }];
    });
  }

  /** Stores the watermarks of a source. */
  async mark(timeMs: Partial<Record<Tier, number>>, source = "1:0"): Promise<void> {
    const offset = (this.#offsets.get(source) ?? -1) + 1;
    const marks = TIERS.filter((tier) => timeMs[tier] !== undefined).map((tier) => {
      return watermarkState({ source, tier, offset, timeMs: timeMs[tier]! });
    });
    await this.store.writeStates(marks);
  }

  /** Stores one watermark for all tiers. */
  markAll(timeMs: number, source = "1:0"): Promise<void> {
    return this.mark({ "1m": timeMs, "15m": timeMs, "1h": timeMs, "1d": timeMs }, source);
  }

  #open(projectId: string, { family, granularity, bucket, slot }: DeltaPart, source: string): OpenBlock {
    const name = [family.id, granularity, bucket, slot, source].join("/");
    let open = this.#blocks.get(name);
    if (open === undefined) {
      const key = { projectId, family: family.id, generation: 1, granularity, bucket, slot, source };
      open = { key, block: Block.empty(family.schema), dirty: false };
      this.#blocks.set(name, open);
    }
    return open;
  }
}

function foldEvent({ timeMs, country, page, user, amount }: TestEvent, receivedAtMs: number): FoldEvent {
  return {
    name: "order",
    eventId: "",
    userId: user,
    anonymousId: "",
    sessionId: "",
    keys: ["country", "page", "amount"],
    values: [country, page, amount],
    count: 3,
    timeMs,
    receivedAtMs,
    late: false,
    userAgent: "",
  };
}
