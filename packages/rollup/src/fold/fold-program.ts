import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Cell, emptyCell, type RollupSchema } from "../block/schema.ts";
import { ACCOUNTING_METRIC, ACCOUNTING_ROLLUP_NUMBER, type Outcome } from "../definitions/accounting.ts";
import { type FamilyPlan, type RollupPlan, readableFamilies } from "../definitions/family-plan.ts";
import { named } from "../definitions/named.ts";
import { retentionMinutes } from "../definitions/retention.ts";
import { granularityKeys, granularityOf, minuteOf } from "../time/tiers.ts";
import { Delta, type DeltaPart } from "./delta.ts";
import { deltaParts, type KeptGranularity } from "./delta-parts.ts";
import { EventView } from "./event-view.ts";
import type { DerivedFields } from "./field.ts";
import type { FoldEvent } from "./fold-event.ts";
import { Measures } from "./measure.ts";
import { type TupleReader, tupleReader } from "./tuple-reader.ts";

/** Where a rollup's cells are: its family's place in the plan, and its own place in the family. */
type Place = { readonly family: number; readonly index: number; readonly schema: RollupSchema };

/** A rollup, ready to take events. */
type RollupProgram = Place & {
  /** The places of its metrics' measures. */
  readonly measures: readonly number[];
  readonly readTuple: TupleReader;
};

/**
 * What definitions say, made ready to run: everything about a plan but whose it is. It looks at one event at a time, so
 * it is to be used by one fold at a time; none of its methods waits.
 */
export class FoldProgram {
  readonly families: readonly FamilyPlan[];
  readonly #view: EventView;
  readonly #measures: Measures;
  readonly #rollups: readonly RollupProgram[];
  /** By rollup, the tuple of the event that is folded; undefined where it does not count. */
  readonly #tuples: (string | undefined)[];
  readonly #granularities: readonly KeptGranularity[];
  readonly #isBot: () => boolean;
  readonly #accounting: Place | undefined;

  constructor(definitions: Definitions, derived: DerivedFields) {
    this.families = readableFamilies(definitions).filter((family) => family.current);
    this.#view = new EventView(derived);
    this.#measures = new Measures(this.#view);
    const places = this.families.flatMap((plan, family) =>
      plan.rollups.map((rollup, index) => ({ rollup, family, index, schema: plan.schema.rollups[index]! })),
    );
    this.#accounting = places.find(({ rollup }) => rollup.number === ACCOUNTING_ROLLUP_NUMBER);
    this.#rollups = places
      .filter((place) => place !== this.#accounting)
      .map(({ rollup, ...place }) => ({
        ...place,
        measures: this.#measuresOf(rollup, definitions),
        readTuple: tupleReader(this.#view, rollup.dimensions),
      }));
    this.#tuples = this.#rollups.map(() => undefined);
    const readBot = derived.has("bot") ? this.#view.reader("bot") : () => false;
    this.#isBot = () => readBot() === true;
    this.#granularities = granularitiesOf(definitions);
  }

  newDelta(receivedAtMs: number): Delta {
    return new Delta(this.families, receivedAtMs);
  }

  fold(delta: Delta, event: FoldEvent): void {
    // Whatever enrichment may throw, it throws before the delta is touched.
    this.#view.show(event);
    this.#measures.look();
    const rollups = this.#rollups;
    const tuples = this.#tuples;
    const { hits } = this.#measures;
    for (let i = 0; i < rollups.length; i++) {
      const { measures, readTuple } = rollups[i]!;
      tuples[i] = hasHit(measures, hits) ? readTuple() : undefined;
    }
    const outcome = this.#isBot() ? "bot" : "folded";

    const minute = minuteOf(event.timeMs);
    for (let i = 0; i < rollups.length; i++) {
      const tuple = tuples[i];
      if (tuple === undefined) continue;
      const { family, index, schema, measures } = rollups[i]!;
      const cell = cellOf(delta.families[family]!.at(minute)[index]!, tuple, schema);
      for (let j = 0; j < measures.length; j++) {
        if (hits[measures[j]!] === 1) this.#measures.addTo(measures[j]!, cell[j]!);
      }
    }
    this.account(delta, outcome);
  }

  account(delta: Delta, outcome: Outcome): void {
    let cell = delta.outcomes[outcome];
    if (cell === undefined) {
      const place = this.#accounting;
      if (place === undefined) return;
      const cells = delta.families[place.family]!.at(minuteOf(delta.receivedAtMs))[place.index]!;
      cell = cellOf(cells, outcome, place.schema);
      delta.outcomes[outcome] = cell;
    }
    cell[0]!.addOne();
  }

  parts(delta: Delta): readonly DeltaPart[] {
    return deltaParts(delta, this.#granularities);
  }

  #measuresOf(rollup: RollupPlan, definitions: Definitions): readonly number[] {
    const metrics = new Map(definitions.metrics.map((metric) => [metric.name, metric]));
    metrics.set(ACCOUNTING_METRIC.name, ACCOUNTING_METRIC);
    return rollup.metrics.map(({ name, kind }) => this.#measures.place(named(metrics, name, "metric"), kind));
  }
}

function granularitiesOf(definitions: Definitions): readonly KeptGranularity[] {
  const retention = retentionMinutes(definitions.retention);
  return granularityKeys(definitions.dayOffsetsMinutes).map((key) => {
    const granularity = granularityOf(key);
    return { granularity, retentionMinutes: retention[granularity.tier] };
  });
}

function hasHit(measures: readonly number[], hits: Uint8Array): boolean {
  for (let i = 0; i < measures.length; i++) if (hits[measures[i]!] === 1) return true;
  return false;
}

function cellOf(cells: Map<string, Cell>, tuple: string, schema: RollupSchema): Cell {
  let cell = cells.get(tuple);
  if (cell === undefined) {
    cell = emptyCell(schema);
    cells.set(tuple, cell);
  }
  return cell;
}
