import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableResult,
  UpDownCounter,
} from "@opentelemetry/api";
import { type MetricAttributes, type MetricName, type MetricNameOf, metricDeclaration } from "./metric-name.ts";
import { METRICS } from "./metrics.ts";

/** What is asked for its value when it is read. */
export type ObservableName = MetricNameOf<"observable-gauge" | "observable-counter" | "observable-updown">;

/**
 * Makes a counter, whose declared zeros are there from now on.
 *
 * @param beside attributes of all that this process counts, for the zeros
 */
export function counter<Name extends MetricNameOf<"counter">>(
  meter: Meter,
  name: Name,
  beside: Attributes = {},
): Counter<MetricAttributes<Name>> {
  const made = meter.createCounter<MetricAttributes<Name>>(name, optionsOf(name));
  // The zeros are declared with the metric; the compiler does not follow that through the name.
  for (const zero of metricDeclaration(name).zeros ?? []) made.add(0, { ...zero, ...beside } as MetricAttributes<Name>);
  return made;
}

/** Makes a counter of what is there at the moment. It begins at 0 where it has no attributes. */
export function upDownCounter<Name extends MetricNameOf<"updown">>(
  meter: Meter,
  name: Name,
): UpDownCounter<MetricAttributes<Name>> {
  const made = meter.createUpDownCounter<MetricAttributes<Name>>(name, optionsOf(name));
  if (METRICS[name].attributes.length === 0) made.add(0);
  return made;
}

/** Makes a histogram. */
export function histogram<Name extends MetricNameOf<"histogram">>(
  meter: Meter,
  name: Name,
): Histogram<MetricAttributes<Name>> {
  const { buckets } = metricDeclaration(name);
  const advice = buckets && { explicitBucketBoundaries: [...buckets] };
  return meter.createHistogram<MetricAttributes<Name>>(name, { ...optionsOf(name), ...(advice && { advice }) });
}

/** What a reading tells of one metric. */
export type Tell<Name extends ObservableName> = (value: number, attributes: MetricAttributes<Name>) => void;

/**
 * Makes observables that are read together, as what they tell is known together.
 *
 * @param read called for each collection with one function for each name
 * @returns what ends it
 */
export function observe<Name extends ObservableName>(
  meter: Meter,
  names: readonly Name[],
  read: (tell: { readonly [Each in Name]: Tell<Each> }) => void,
): () => void {
  const observables = names.map((name) => [name, observable(meter, name)] as const);
  const all = observables.map(([, each]) => each);
  const callback = (result: { observe: (metric: Observable, value: number, attributes?: Attributes) => void }) => {
    const tells = observables.map(([name, each]) => [
      name,
      (value: number, attributes: Attributes) => result.observe(each, value, attributes),
    ]);
    read(Object.fromEntries(tells));
  };
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}

/** Makes an observable that is read by itself. */
export function observeOne<Name extends ObservableName>(
  meter: Meter,
  name: Name,
  read: (tell: Tell<Name>) => void,
): void {
  observable(meter, name).addCallback((result: ObservableResult) => {
    read((value, attributes) => result.observe(value, attributes));
  });
}

function observable(meter: Meter, name: ObservableName): Observable {
  const { kind } = METRICS[name];
  if (kind === "observable-gauge") return meter.createObservableGauge(name, optionsOf(name));
  if (kind === "observable-counter") return meter.createObservableCounter(name, optionsOf(name));
  return meter.createObservableUpDownCounter(name, optionsOf(name));
}

function optionsOf(name: MetricName): MetricOptions {
  const { unit, meaning } = METRICS[name];
  return { unit, description: meaning };
}
