import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Cell, emptyCell, type RollupSchema } from "../block/schema.ts";
import { TUPLE_SEPARATOR } from "../block/tuple.ts";
import { ACCOUNTING_METRIC, ACCOUNTING_ROLLUP_NUMBER, type Outcome } from "../definitions/accounting.ts";
import { type FamilyPlan, type RollupPlan, readableFamilies } from "../definitions/family-plan.ts";
import { named } from "../definitions/named.ts";
import { retentionMinutes } from "../definitions/retention.ts";
import { granularityKeys, granularityOf, minuteOf } from "../time/tiers.ts";
import { Delta, type DeltaPart } from "./delta.ts";
import { deltaParts, type KeptGranularity } from "./delta-parts.ts";
import { dimensionText } from "./dimension-text.ts";
import { EventView } from "./event-view.ts";
import type { DerivedFields } from "./field.ts";
import type { FoldEvent } from "./fold-event.ts";
import { type Measure, Measures } from "./measure.ts";

/** The text of one dimension of the event that is shown. */
type Dimension = () => string;

/** A rollup, ready to take events. */
type RollupProgram = {
  /** Its place in its family, and its family's place in the plan. */
  readonly index: number;
  readonly family: number;
  readonly schema: RollupSchema;
  readonly measures: readonly Measure[];
  readonly dimensions: readonly Dimension[];
};

/**
 * What definitions say, made ready to run: everything about a plan but whose it is. It looks at one event at a time, so
 * it is to be used by one fold at a time; none of its methods waits.
 */
export class FoldProgram {
  readonly families: readonly FamilyPlan[];
  readonly #view: EventView;
  readonly #rollups: readonly RollupProgram[];
  readonly #granularities: readonly KeptGranularity[];
  readonly #isBot: () => boolean;
  readonly #accounting: { readonly family: number; readonly index: number; readonly schema: RollupSchema } | undefined;
  #serial = 0;

  constructor(definitions: Definitions, derived: DerivedFields) {
    this.families = readableFamilies(definitions).filter((family) => family.current);
    this.#view = new EventView(derived);
    const metrics = new Map(definitions.metrics.map((metric) => [metric.name, metric]));
    metrics.set(ACCOUNTING_METRIC.name, ACCOUNTING_METRIC);
    const measures = new Measures(this.#view);
    const dimensions = new Map<string, Dimension>();
    const measuresOf = (rollup: RollupPlan) =>
      rollup.metrics.map(({ name, kind }) => measures.of(named(metrics, name, "metric"), kind));
    const places = this.families.flatMap((plan, family) =>
      plan.rollups.map((rollup, index) => ({ rollup, family, index, schema: plan.schema.rollups[index]! })),
    );
    this.#accounting = places.find(({ rollup }) => rollup.number === ACCOUNTING_ROLLUP_NUMBER);
    this.#rollups = places
      .filter((place) => place !== this.#accounting)
      .map(({ rollup, family, index, schema }) => ({
        index,
        family,
        schema,
        measures: measuresOf(rollup),
        dimensions: rollup.dimensions.map((name) => this.#dimension(name, dimensions)),
      }));
    const readBot = derived.has("bot") ? this.#view.reader("bot") : () => false;
    this.#isBot = () => readBot() === true;
    const retention = retentionMinutes(definitions.retention);
    this.#granularities = granularityKeys(definitions.dayOffsetsMinutes).map((key) => {
      const granularity = granularityOf(key);
      return { granularity, retentionMinutes: retention[granularity.tier] };
    });
  }

  newDelta(receivedAtMs: number): Delta {
    return new Delta(this.families, receivedAtMs);
  }

  fold(delta: Delta, event: FoldEvent): void {
    this.#view.show(event);
    this.#serial += 1;
    const serial = this.#serial;
    const minute = minuteOf(event.timeMs);
    for (const rollup of this.#rollups) {
      const { measures, schema } = rollup;
      let cell: Cell | undefined;
      for (let i = 0; i < measures.length; i++) {
        const measure = measures[i]!;
        if (!measure.matches(serial)) continue;
        cell ??= cellOf(delta.families[rollup.family]!.at(minute)[rollup.index]!, tupleFor(rollup.dimensions), schema);
        measure.addTo(cell[i]!);
      }
    }
    this.account(delta, this.#isBot() ? "bot" : "folded");
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

  #dimension(name: string, known: Map<string, Dimension>): Dimension {
    let dimension = known.get(name);
    if (dimension === undefined) {
      const read = this.#view.reader(name);
      let at = -1;
      let text = "";
      dimension = () => {
        if (at !== this.#serial) {
          at = this.#serial;
          text = dimensionText(read());
        }
        return text;
      };
      known.set(name, dimension);
    }
    return dimension;
  }
}

function tupleFor(dimensions: readonly Dimension[]): string {
  if (dimensions.length === 0) return "";
  let tuple = dimensions[0]!();
  for (let i = 1; i < dimensions.length; i++) tuple += TUPLE_SEPARATOR + dimensions[i]!();
  return tuple;
}

function cellOf(cells: Map<string, Cell>, tuple: string, schema: RollupSchema): Cell {
  let cell = cells.get(tuple);
  if (cell === undefined) {
    cell = emptyCell(schema);
    cells.set(tuple, cell);
  }
  return cell;
}
