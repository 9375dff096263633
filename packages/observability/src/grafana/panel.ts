import type { MetricSource } from "@millrace/telemetry";

/** What a value is of, as Grafana names units. Each kind of value has one unit everywhere. */
export const UNITS = {
  seconds: "s",
  bytes: "bytes",
  bytesPerSecond: "Bps",
  perSecond: "cps",
  eventsPerSecond: "eps",
  callsPerSecond: "reqps",
  ratio: "percentunit",
  count: "short",
  cores: "suffix: cores",
} as const;

/** A unit, by what it measures. */
export type Unit = keyof typeof UNITS;

/** One question to Prometheus, and how its series are called; `{{label}}` stands for a label's value. */
export type Query = { readonly expr: string; readonly legend: string };

/** From which value on a panel is yellow, and red. Where low is bad, `below` is true and the values are read downwards. */
export type Threshold = { readonly warning?: number; readonly critical: number; readonly below?: boolean };

/** One panel. Its description says what it shows, and what is usual. */
export type Panel = {
  /** A number as large as can be, or lines over time. */
  readonly kind: "number" | "lines" | "areas" | "heatmap";
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly threshold?: Threshold;
  /** Names of the alerts that watch what it shows: their runbooks are linked. */
  readonly alerts?: readonly string[];
  /** The least upper end of the axis, as 1 for ratios. */
  readonly max?: number;
  /** Whether values below 0 have a meaning. */
  readonly isSigned?: boolean;
};

/** Panels under a heading. Those of a closed row are asked for when it is opened. */
export type Row = { readonly title: string; readonly panels: readonly Panel[]; readonly isClosed?: boolean };

/** A dashboard. The first row says whether all is well. */
export type DashboardSource = {
  /** Its address in Grafana, and its file's name. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** The service that it is about, whose jobs can be chosen; without one it is about all. */
  readonly service?: MetricSource;
  readonly rows: readonly Row[];
};
