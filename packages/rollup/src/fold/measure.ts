import { toBinary } from "@bufbuild/protobuf";
import type { Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { hashWords, murmur3Text } from "@millrace/hash";
import type { State, StateKind } from "../aggregation/state.ts";
import { compileFilter } from "../filter/compile-filter.ts";
import { entry } from "./entry.ts";
import type { EventView } from "./event-view.ts";
import type { PropertyValue } from "./fold-event.ts";

/** What one metric takes from the event that is shown. */
export interface Measure {
  /** Whether the event counts for the metric; when it does, `addTo` may be called. */
  matches(serial: number): boolean;
  /** Adds what the event has to a state of the metric. */
  addTo(state: State): void;
}

/** The seed of the hashes in unique states. Stored data depend on it: it never changes. */
const UNIQUE_SEED = 0;

/**
 * Makes the measures of a plan. Metrics that share a filter, or the field they count, share the work.
 *
 * @param view the event that measures look at
 */
export class Measures {
  readonly #view: EventView;
  readonly #byNumber = new Map<number, Measure>();
  readonly #filters = new Map<string, (serial: number) => boolean>();
  readonly #hashes = new Map<string, HashedField>();

  constructor(view: EventView) {
    this.#view = view;
  }

  /** The measure of a metric; asked twice, the same. */
  of(metric: Metric, kind: StateKind): Measure {
    return entry(this.#byNumber, metric.number, () => this.#make(metric, kind.input));
  }

  #make(metric: Metric, input: StateKind["input"]): Measure {
    const filter = this.#filter(metric.filter);
    switch (input) {
      case "one":
        return { matches: filter, addTo: (state) => state.addOne() };
      case "number":
        return new NumberMeasure(filter, this.#view.reader(metric.property));
      case "hash": {
        const field = this.#hash(metric.property);
        return {
          matches: (serial) => filter(serial) && field.isPresent(serial),
          addTo: (state) => state.addHash(field.word0, field.word1),
        };
      }
    }
  }

  #filter(filter: Filter | undefined): (serial: number) => boolean {
    const key = filter === undefined ? "" : Buffer.from(toBinary(FilterSchema, filter)).toString("latin1");
    return entry(this.#filters, key, () => {
      const fields = { field: (name: string) => this.#view.reader(name), values: "typed" as const };
      return once(compileFilter<void>(filter, "filter", fields));
    });
  }

  #hash(property: string): HashedField {
    return entry(this.#hashes, property, () => new HashedField(this.#view.reader(property)));
  }
}

/** Asks `test` once for each serial number of an event, however often the answer is wanted. */
function once(test: () => boolean): (serial: number) => boolean {
  let at = -1;
  let answer = false;
  return (serial) => {
    if (at !== serial) {
      at = serial;
      answer = test();
    }
    return answer;
  };
}

/** A number of the event. Values that are not numbers are passed over. */
class NumberMeasure implements Measure {
  readonly #filter: (serial: number) => boolean;
  readonly #read: () => PropertyValue | undefined;
  #value = 0;

  constructor(filter: (serial: number) => boolean, read: () => PropertyValue | undefined) {
    this.#filter = filter;
    this.#read = read;
  }

  matches(serial: number): boolean {
    if (!this.#filter(serial)) return false;
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
class HashedField {
  word0 = 0;
  word1 = 0;
  readonly #read: () => PropertyValue | undefined;
  #at = -1;
  #text = "";

  constructor(read: () => PropertyValue | undefined) {
    this.#read = read;
  }

  isPresent(serial: number): boolean {
    if (this.#at === serial) return this.#text !== "";
    this.#at = serial;
    const value = this.#read();
    const text = value === undefined ? "" : String(value);
    if (text !== "" && text !== this.#text) {
      murmur3Text(text, UNIQUE_SEED);
      this.word0 = hashWords[0]!;
      this.word1 = hashWords[1]!;
    }
    this.#text = text;
    return text !== "";
  }
}
