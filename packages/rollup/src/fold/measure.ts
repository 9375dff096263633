import { toBinary } from "@bufbuild/protobuf";
import type { Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { hashWords, murmur3Text } from "@millrace/hash";
import type { State, StateKind } from "../aggregation/state.ts";
import { compileFilter, type Predicate } from "../filter/compile-filter.ts";
import { entry } from "./entry.ts";
import type { EventView } from "./event-view.ts";
import type { PropertyValue } from "./fold-event.ts";

/** What one metric takes from the event that is shown. */
interface Measure {
  /** The place of its filter among the filters. */
  readonly filter: number;
  /** Reads what the metric takes, for `addTo`; false when the event has nothing for it. */
  take(): boolean;
  /** Adds what was taken to a state of the metric. */
  addTo(state: State): void;
}

/** The seed of the hashes in unique states. Stored data depend on it: it never changes. */
const UNIQUE_SEED = 0;

/**
 * The measures of a plan's metrics. Each filter and each metric looks at an event once, however many metrics share the
 * filter and however many rollups the metric.
 */
export class Measures {
  /** Which measures the last event that was looked at counts for: 1 where it does. */
  hits = new Uint8Array(0);
  readonly #view: EventView;
  readonly #measures: Measure[] = [];
  readonly #filters: Predicate<void>[] = [];
  readonly #places = new Map<number, number>();
  readonly #filterPlaces = new Map<string, number>();
  #filterHits = new Uint8Array(0);

  constructor(view: EventView) {
    this.#view = view;
  }

  /** The place of a metric's measure; asked twice, the same. */
  place(metric: Metric, kind: StateKind): number {
    return entry(this.#places, metric.number, () => {
      const filter = this.#filterPlace(metric.filter);
      const place = this.#measures.push(makeMeasure(filter, kind.input, this.#view, metric.property)) - 1;
      this.hits = new Uint8Array(this.#measures.length);
      return place;
    });
  }

  /** Looks at the event that is shown. */
  look(): void {
    const filters = this.#filters;
    const filterHits = this.#filterHits;
    for (let i = 0; i < filters.length; i++) filterHits[i] = filters[i]!() ? 1 : 0;
    const measures = this.#measures;
    for (let i = 0; i < measures.length; i++) {
      const measure = measures[i]!;
      this.hits[i] = filterHits[measure.filter] === 1 && measure.take() ? 1 : 0;
    }
  }

  /** Adds what the event has for the measure at `place`, which it counts for, to a state of its metric. */
  addTo(place: number, state: State): void {
    this.#measures[place]!.addTo(state);
  }

  #filterPlace(filter: Filter | undefined): number {
    const key = filter === undefined ? "" : Buffer.from(toBinary(FilterSchema, filter)).toString("latin1");
    return entry(this.#filterPlaces, key, () => {
      const fields = { field: (name: string) => this.#view.reader(name), values: "typed" as const };
      const place = this.#filters.push(compileFilter<void>(filter, "filter", fields)) - 1;
      this.#filterHits = new Uint8Array(this.#filters.length);
      return place;
    });
  }
}

function makeMeasure(filter: number, input: StateKind["input"], view: EventView, property: string): Measure {
  switch (input) {
    case "one":
      return new OneMeasure(filter);
    case "number":
      return new NumberMeasure(filter, view.reader(property));
    case "hash":
      return new HashMeasure(filter, view.reader(property));
  }
}

/** The event itself. */
class OneMeasure implements Measure {
  readonly filter: number;

  constructor(filter: number) {
    this.filter = filter;
  }

  take(): boolean {
    return true;
  }

  addTo(state: State): void {
    state.addOne();
  }
}

/** A number of the event. Values that are not numbers are passed over. */
class NumberMeasure implements Measure {
  readonly filter: number;
  readonly #read: () => PropertyValue | undefined;
  #value = 0;

  constructor(filter: number, read: () => PropertyValue | undefined) {
    this.filter = filter;
    this.#read = read;
  }

  take(): boolean {
    const value = this.#read();
    if (typeof value !== "number") return false;
    this.#value = value;
    return true;
  }

  addTo(state: State): void {
    state.addNumber(this.#value);
  }
}

/** The hash of a field's text. Empty text counts as absent; 1 and "1" are one value. */
class HashMeasure implements Measure {
  readonly filter: number;
  readonly #read: () => PropertyValue | undefined;
  #text = "";
  #word0 = 0;
  #word1 = 0;

  constructor(filter: number, read: () => PropertyValue | undefined) {
    this.filter = filter;
    this.#read = read;
  }

  take(): boolean {
    const value = this.#read();
    const text = value === undefined ? "" : String(value);
    if (text === "") return false;
    if (text !== this.#text) {
      murmur3Text(text, UNIQUE_SEED);
      this.#text = text;
      this.#word0 = hashWords[0]!;
      this.#word1 = hashWords[1]!;
    }
    return true;
  }

  addTo(state: State): void {
    state.addHash(this.#word0, this.#word1);
  }
}
