import type { JsonObject, JsonValue, MessageInitShape } from "@bufbuild/protobuf";
import type { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { fromEpoch, parseTime } from "../time-text.ts";
import type { Zone } from "../zoned-time.ts";
import { eventIdOf } from "./event-id.ts";
import { type Reader, readerOf } from "./expression.ts";
import { type EventField, type Rule, targetOf } from "./mapping.ts";
import type { Row } from "./row.ts";

/** An event to be sent. */
export type EventInit = MessageInitShape<typeof EventSchema>;

/** Makes an event of a row, or says why the row can not be one. */
export type EventMaker = (row: Row) => EventInit | string;

/** How rows become events. */
export type MakerOptions = {
  /** Where the fields come from; undefined: each key or column is what its name says. */
  readonly rules: readonly Rule[] | undefined;
  readonly columns: readonly string[] | undefined;
  /** Columns whose values stay text. */
  readonly textColumns: ReadonlySet<string>;
  /** The zone of times without an offset. */
  readonly zone: Zone;
  readonly idSeed: string;
};

type Draft = { [field in EventField]?: unknown } & { readonly properties: JsonObject };
type Step = (row: Row, draft: Draft) => void;

const PLAIN_DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;
/** As many digits as a double holds without a doubt. */
const DIGITS_MAX = 15;

/**
 * Prepares the making of events.
 *
 * @param example the first row, by whose keys a mapping of NDJSON is checked
 * @throws Failure `invalid` when a mapped column does not exist
 */
export function createEventMaker(options: MakerOptions, example: Row): EventMaker {
  const { rules, columns } = options;
  const fill =
    rules !== undefined
      ? inTurn(rules.map((rule) => ruleStep(rule, options, example)))
      : columns !== undefined
        ? inTurn(columns.map((column, index) => columnStep(column, index, options)))
        : fillFromKeys;
  return (row) => {
    if (row.problem !== undefined) return row.problem;
    const draft: Draft = { properties: {} };
    fill(row, draft);
    return finish(draft, row, options);
  };
}

function inTurn(steps: readonly Step[]): Step {
  return (row, draft) => {
    for (const step of steps) step(row, draft);
  };
}

function ruleStep(rule: Rule, options: MakerOptions, example: Row): Step {
  const { field, property } = rule;
  const readers = rule.expression.map((factor) => readerOf(factor, options.columns, example, rule.optional));
  const first = rule.expression[0];
  const typed = options.columns !== undefined && first?.kind === "column" && !options.textColumns.has(first.name);
  const read = readers.length === 1 ? readers[0]! : product(readers);
  return (row, draft) => put(draft, field, property, read(row), typed);
}

function columnStep(column: string, index: number, options: MakerOptions): Step {
  const target = targetOf(column);
  // "event_type" is a name only where there is no column of that name.
  const isAlias = target.field !== undefined && target.field !== column && options.columns?.includes(target.field);
  const { field, property } = isAlias ? { field: undefined, property: column } : target;
  const typed = !options.textColumns.has(column);
  return ({ cells }, draft) => put(draft, field, property, (cells as readonly string[])[index], typed);
}

function fillFromKeys({ cells }: Row, draft: Draft): void {
  for (const [key, value] of Object.entries(cells)) {
    if (key !== "properties") {
      const { field, property } = targetOf(key);
      // "event_type" is a name only where there is none.
      if (field !== undefined && field !== key && Object.hasOwn(cells, field)) put(draft, undefined, key, value, false);
      else put(draft, field, property, value, false);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [name, each] of Object.entries(value)) put(draft, undefined, name, each, false);
    } else put(draft, undefined, key, value, false);
  }
}

function put(
  draft: Draft,
  field: EventField | undefined,
  property: string | undefined,
  value: unknown,
  typed: boolean,
) {
  if (value === undefined || value === null || value === "") return;
  if (field !== undefined) draft[field] = value;
  else if (property !== undefined) {
    const json = (typed && typeof value === "string" ? numberOr(value) : value) as JsonValue;
    // "__proto__" is a key like any other here.
    Object.defineProperty(draft.properties, property, {
      value: json,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function numberOr(text: string): string | number {
  return text.length <= DIGITS_MAX && PLAIN_DECIMAL.test(text) ? Number(text) : text;
}

/** Digits beyond those that a decimal product has are noise of binary fractions: 3 * 1.1 is 3.3. */
function product(readers: readonly Reader[]): Reader {
  return (row) => {
    let result = 1;
    for (const read of readers) {
      const value = read(row);
      if (value === undefined) return undefined;
      result *= typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
    }
    return Number(result.toPrecision(DIGITS_MAX));
  };
}

function finish(draft: Draft, row: Row, options: MakerOptions): EventInit | string {
  const { properties } = draft;
  const event: EventInit = { properties };
  for (const field of ["name", "user_id", "anonymous_id", "session_id", "event_id"] as const) {
    const value = draft[field];
    if (value !== undefined && typeof value === "object") return `${field}: a list or an object is not text`;
  }
  if (draft.name === undefined) return "name: the row has none";
  event.name = String(draft.name);
  if (draft.user_id !== undefined) event.userId = String(draft.user_id);
  if (draft.anonymous_id !== undefined) event.anonymousId = String(draft.anonymous_id);
  if (draft.session_id !== undefined) event.sessionId = String(draft.session_id);
  event.eventId =
    draft.event_id === undefined ? eventIdOf(options.idSeed, row.position, row.content) : String(draft.event_id);
  for (const key in properties) {
    if (Number.isNaN(properties[key])) return `properties.${key}: the factors are not numbers`;
  }
  if (draft.time === undefined) return event;
  const time = typeof draft.time === "number" ? fromEpoch(draft.time) : parseTime(String(draft.time), options.zone);
  if (time === undefined) return `time: "${String(draft.time).slice(0, 60)}" is not a time`;
  event.time = { seconds: BigInt(time.seconds), nanos: time.nanos };
  return event;
}
