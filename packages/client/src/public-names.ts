/** What users may name, on every platform. */
export { Failure, type FailureKind } from "@millrace/failure";
export type { Overflow } from "./buffer/event-buffer.ts";
export type { Issue } from "./issue.ts";
export type { Flushed, FlushOptions, Millrace } from "./millrace.ts";
export type { ClientOptions } from "./options.ts";
export type { Answer, Column, MetricValue, Row, RowFacts, Update } from "./query/answer.ts";
export type {
  CallOptions,
  Comparison,
  Condition,
  ConditionValue,
  Filter,
  Granularity,
  Moment,
  OrderBy,
  Question,
  TimeRange,
} from "./query/question.ts";
export type { Stats } from "./stats.ts";
export type { EventDefaults, EventOptions, Properties, PropertyValue } from "./track.ts";
