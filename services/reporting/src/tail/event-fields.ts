import { toBinary } from "@bufbuild/protobuf";
import { type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { CURRENT_VERSION, ENRICHMENT_VERSIONS, enrichment } from "@millrace/enrichment";
import { Failure } from "@millrace/failure";
import { compileFilter, DERIVED_FIELDS, EventView, OWN_FIELDS } from "@millrace/rollup";
import type { ProcessedEvent } from "./processed-event.ts";

const PREFIX = "properties.";
const KEY_BYTES_MAX = 128;

/** A filter is asked of every event, so it is as small as a metric's. */
const FILTER_BYTES_MAX = 16 * 1024;

/** Says of an event whether it is wanted. */
export type IsWanted = (event: ProcessedEvent) => boolean;

/**
 * The events that have one of some names, where there are any, and that a filter lets pass; undefined for all.
 *
 * @throws Failure `invalid` that names the part of `filter` that is wrong
 */
export function wantedEvents(names: readonly string[], filter: Filter | undefined): IsWanted | undefined {
  checkSize(filter);
  const passes = filter?.kind.case === undefined ? undefined : byVersion((version) => passesOf(filter, version));
  if (names.length === 0) return passes;
  const wanted = new Set(names);
  return (event) => wanted.has(event.name) && (passes === undefined || passes(event));
}

/** Gives what is derived of an event, by name: what is known, and `bot` where it is one. */
export function derivedFields(): (event: ProcessedEvent) => Readonly<Record<string, string>> {
  return byVersion((version) => {
    const view = new EventView(enrichment(version).fields);
    const readers = DERIVED_FIELDS.map((name) => [name, view.reader(name)] as const);
    return (event) => {
      view.show(event.foldEvent);
      const known = readers.map(([name, read]) => [name, read()] as const);
      const told = known.filter(([, value]) => value !== undefined && value !== "" && value !== false);
      return Object.fromEntries(told.map(([name, value]) => [name, String(value)]));
    };
  });
}

/** Asks of each event by the version that it was processed by; by the newest known one where it is newer. */
function byVersion<T>(make: (version: number) => (event: ProcessedEvent) => T): (event: ProcessedEvent) => T {
  const made = new Map(ENRICHMENT_VERSIONS.map((version) => [version as number, make(version)]));
  const current = made.get(CURRENT_VERSION)!;
  return (event) => (made.get(event.version) ?? current)(event);
}

function passesOf(filter: Filter, version: number): IsWanted {
  const view = new EventView(enrichment(version).fields);
  const passes = compileFilter<void>(filter, "filter", {
    values: "typed",
    field(name, path) {
      checkField(name, path);
      return view.reader(name);
    },
  });
  return (event) => {
    view.show(event.foldEvent);
    return passes();
  };
}

function checkSize(filter: Filter | undefined): void {
  const bytes = filter === undefined ? 0 : toBinary(FilterSchema, filter).length;
  if (bytes <= FILTER_BYTES_MAX) return;
  throw Failure.invalidField("filter", `takes ${bytes} bytes; at most ${FILTER_BYTES_MAX} are allowed`);
}

/** Any property may be asked for, whether or not an event ever had it; but not one that none can have. */
function checkField(name: string, path: string): void {
  if (OWN_FIELDS.includes(name) || DERIVED_FIELDS.includes(name)) return;
  const key = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= KEY_BYTES_MAX) return;
  const problem = `names a property by a key of ${bytes} bytes; keys have 1 to ${KEY_BYTES_MAX}`;
  throw Failure.invalidField(path, problem);
}
