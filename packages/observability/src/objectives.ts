import type { MetricSource } from "@millrace/telemetry";
import { type Questions, ratio } from "./promql.ts";
import type { AlertName } from "./rules/rule.ts";

/**
 * Words for calls that were not answered as they should be, for reasons of ours: what a caller did wrong is none, and
 * "too much" is one, whoever sent it, since it is we who should have had the room.
 */
export const FAULTS = "/unavailable|internal|unknown|data_loss|resource_exhausted|deadline_exceeded|http_5..|http_429/";

/** By which calls events come in. */
export const SENDING = "/millrace.ingest.v1.IngestService/(Send|Stream)|v1/(events|beacon)/";

/** By which questions are asked. */
const ASKING = "millrace.reporting.v1.ReportingService/Query";

/** Within how many seconds a question should be answered: the end of a bucket of the duration of calls. */
const ANSWER_SECONDS = 1;

/** What is promised of calls: the part that must be good over 30 days. The rest is the error budget. */
export type Objective = {
  /** In names of rules, as `namespace:millrace_<name>:rate5m`. */
  readonly name: "acknowledgements" | "queries";
  /** In texts. */
  readonly title: string;
  readonly target: number;
  /** Whose calls they are. */
  readonly service: MetricSource;
  readonly total: (questions: Questions) => string;
  /** Those that count against the budget; nothing where there were no calls. */
  readonly bad: (questions: Questions) => string;
};

const BY_NAMESPACE = ["namespace"] as const;
const DURATION = "rpc.server.call.duration";

/** Calls that send events are answered, 99.9 % of them. */
export const ACKNOWLEDGEMENTS: Objective = {
  name: "acknowledgements",
  title: "calls that send events are answered without a fault of ours",
  target: 0.999,
  service: "ingest",
  total: ({ seen }) => seen(DURATION, BY_NAMESPACE, { "rpc.method": SENDING }),
  bad: ({ seen }) => seen(DURATION, BY_NAMESPACE, { "rpc.method": SENDING, "rpc.response.status_code": FAULTS }),
};

/** Questions are answered within a second, 99 % of them. */
export const QUERIES: Objective = {
  name: "queries",
  title: "questions are answered within a second, without a fault of ours",
  target: 0.99,
  service: "reporting",
  total: ({ seen }) => seen(DURATION, BY_NAMESPACE, { "rpc.method": ASKING }),
  bad(questions) {
    const quick = { "rpc.method": ASKING, "rpc.response.status_code": `!${FAULTS}` };
    return `${this.total(questions)} - (${questions.seenWithin(ANSWER_SECONDS, DURATION, BY_NAMESPACE, quick)} or 0 * ${this.total(questions)})`;
  },
};

/** All of them. */
export const OBJECTIVES = [ACKNOWLEDGEMENTS, QUERIES] as const;

/** What an objective is about, as the beginning of names and sentences. */
export function subjectOf({ name }: Objective): string {
  return name[0]!.toUpperCase() + name.slice(1);
}

/** The objective in a sentence. */
export function promiseOf({ title, target }: Objective): string {
  return `The objective: ${target * 100} % of ${title}.`;
}

/** The names of the alerts about an objective's error budget. */
export function budgetAlerts(objective: Objective): { readonly fast: AlertName; readonly slow: AlertName } {
  const budget = `Millrace${subjectOf(objective)}Budget` as const;
  return { fast: `${budget}BurnsFast`, slow: `${budget}BurnsSlowly` };
}

/** So many times as fast as planned a budget of 30 days loses 2 % in an hour, for which somebody is called. */
export const FAST_BURN = 14.4;

/** The part of calls that are bad while an error budget burns so many times as fast as planned. */
export function badPart({ target }: Objective, burn: number): number {
  return Number((burn * (1 - target)).toPrecision(4));
}

/** How long ago the looks back begin, over which an error budget's burning is seen. */
export const LOOKS_BACK = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"] as const;

/** One of them. */
export type LookBack = (typeof LOOKS_BACK)[number];

/** The recorded calls per second of an objective, and the bad ones among them. */
export function recordedRates({ name }: Objective): { readonly total: string; readonly bad: string } {
  return { total: `namespace:millrace_${name}:rate5m`, bad: `namespace:millrace_${name}_failed:rate5m` };
}

/** The recorded part of calls that were bad. */
export function recordedRatio({ name }: Objective, lookBack: LookBack): string {
  return `namespace:millrace_${name}_failed:ratio_rate${lookBack}`;
}

/** The part of calls that were bad, over a time: rates that were recorded are weighed by how many calls there were. */
export function ratioOver(objective: Objective, lookBack: LookBack): string {
  const { total, bad } = recordedRates(objective);
  if (lookBack === "5m") return ratio(bad, total);
  return ratio(`sum_over_time(${bad}[${lookBack}])`, `sum_over_time(${total}[${lookBack}])`);
}
