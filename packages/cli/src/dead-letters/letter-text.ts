import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import {
  type DeadLetter,
  DeadLetterReason,
  DeadLetterSchema,
} from "@millrace/api/millrace/processing/v1/dead_letter_pb";
import { jsonText } from "../output/json-text.ts";
import { grouped } from "../output/number-text.ts";
import type { TableColumn } from "../output/table.ts";
import type { Thing, Things } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { reasonWord } from "./letter-filter.ts";

const BYTES_SHOWN = 128;

const COLUMNS: readonly TableColumn[] = [
  { title: "letter" },
  { title: "project" },
  { title: "kept" },
  { title: "reason" },
  { title: "bytes", align: "right" },
  { title: "redriven to" },
  { title: "problem" },
];

/** Letters as a table and as documents. */
export function lettersTable(letters: readonly DeadLetter[]): Things {
  return {
    columns: COLUMNS,
    rows: letters.map((each) => [
      each.deadLetterId,
      each.projectId || "-",
      utcText(each.createTime),
      reasonWord(each.reason),
      grouped(each.sizeBytes),
      each.redrivenTo || "-",
      each.problem,
    ]),
    none: "There are no dead letters to redrive. With --all: those that were redriven, too.",
    documents: letters.map((each) => toJson(DeadLetterSchema, each)),
  };
}

/** One letter in full. Its document has the event beside the bytes, where they are one. */
export function letterThing(letter: DeadLetter): Thing {
  const { stamps } = letter;
  const event = eventOf(letter);
  const values: (readonly [string, string])[] = [
    ["letter", letter.deadLetterId],
    ["project", letter.projectId],
    ["kept", utcText(letter.createTime)],
    ["reason", reasonWord(letter.reason)],
    ["problem", letter.problem],
    ["redriven from", letter.redrivenFrom],
    ["redriven to", letter.redrivenTo],
    ["redriven", utcText(letter.redriveTime)],
  ];
  if (stamps !== undefined) {
    values.push(
      ["received", utcText(stamps.receiveTime)],
      ["event time", utcText(stamps.eventTime)],
      ["revision", String(stamps.revision)],
      ["processing", `version ${stamps.processingVersion}`],
      ["stamped", [stamps.late ? "late" : "", stamps.imported ? "imported" : ""].filter(Boolean).join(", ")],
      ["user agent", stamps.userAgent],
      ["assigned id", stamps.assignedEventId],
    );
  }
  const { length } = letter.content;
  const more = BigInt(length) < letter.sizeBytes || length > BYTES_SHOWN ? " …" : "";
  values.push(
    ["bytes", letter.cut ? `${grouped(letter.sizeBytes)}, of which ${grouped(length)} were kept` : grouped(length)],
    ["event", event === undefined ? "" : jsonText(event)],
    ["content", Buffer.from(letter.content.subarray(0, BYTES_SHOWN)).toString("hex") + more],
  );
  const document = toJson(DeadLetterSchema, letter) as Record<string, JsonValue>;
  return { values, document: event === undefined ? document : { ...document, event } };
}

/** What an event's bytes say, as far as they are one: of what is damaged, nothing. */
function eventOf({ content, reason, projectId }: DeadLetter): JsonValue | undefined {
  if (projectId === "" || reason === DeadLetterReason.RECORD_UNREADABLE) return undefined;
  try {
    return toJson(EventSchema, fromBinary(EventSchema, content));
  } catch {
    return undefined;
  }
}
