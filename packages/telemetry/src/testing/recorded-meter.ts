import {
  type Attributes,
  type BatchObservableCallback,
  createNoopMeter,
  type Meter,
  type MetricOptions,
  type Observable,
  type ObservableCallback,
} from "@opentelemetry/api";

/** A meter for tests, which keeps what it is given. */
export type RecordedMeter = {
  readonly meter: Meter;
  /**
   * What was measured, by name and attributes' values, such as "millrace.cache.requests hit": of counters the sum, of
   * histograms how often, of observables the value now. What is 0 is left out unless it is asked for.
   */
  readonly values: (prefix?: string, withZeros?: boolean) => Record<string, number>;
};

/** Makes a meter that keeps what it is given. */
export function recordedMeter(): RecordedMeter {
  const sums = new Map<string, number>();
  const readers: ((values: Map<string, number>) => void)[] = [];
  const add = (name: string) => (by: number, attributes?: Attributes) => {
    const key = keyOf(name, attributes);
    sums.set(key, (sums.get(key) ?? 0) + by);
  };
  const count = (name: string) => (_value: number, attributes?: Attributes) => add(name)(1, attributes);
  const names = new Map<Observable, string>();
  const observable = (name: string, _options?: MetricOptions): Observable => {
    const made: Observable = {
      addCallback: (callback: ObservableCallback) => {
        readers.push((values) => void callback({ observe: (value, at) => values.set(keyOf(name, at), value) }));
      },
      removeCallback: () => {},
    };
    names.set(made, name);
    return made;
  };
  const meter: Meter = {
    ...createNoopMeter(),
    createCounter: (name: string) => ({ add: add(name) }),
    createUpDownCounter: (name: string) => ({ add: add(name) }),
    createHistogram: (name: string) => ({ record: count(name) }),
    createGauge: (name: string) => ({ record: (value: number, at?: Attributes) => sums.set(keyOf(name, at), value) }),
    createObservableGauge: observable,
    createObservableCounter: observable,
    createObservableUpDownCounter: observable,
    addBatchObservableCallback: (callback: BatchObservableCallback) => {
      readers.push((values) => {
        void callback({ observe: (metric, value, at) => values.set(keyOf(names.get(metric) ?? "?", at), value) });
      });
    },
    removeBatchObservableCallback: () => {},
  };
  return {
    meter,
    values(prefix = "", withZeros = false) {
      const values = new Map(sums);
      for (const read of readers) read(values);
      return Object.fromEntries(
        [...values].filter(([key, value]) => key.startsWith(prefix) && (withZeros || value !== 0)),
      );
    },
  };
}

function keyOf(name: string, attributes: Attributes = {}): string {
  return [name, ...Object.values(attributes)].join(" ");
}
