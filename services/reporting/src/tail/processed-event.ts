import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Event, EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import {
  type TailedEvent,
  TailedEventSchema,
  TailedEvent_Verdict as Verdict,
} from "@millrace/api/millrace/reporting/v1/tail_pb";
import type { FoldEvent, PropertyValue } from "@millrace/rollup";
import type { ToldEvent } from "@millrace/tail";

const VERDICTS: Readonly<Record<ToldEvent["verdict"], Verdict>> = {
  counted: Verdict.COUNTED,
  duplicate: Verdict.DUPLICATE,
  late: Verdict.LATE,
  deadLettered: Verdict.DEAD_LETTERED,
};

/** An event as processing told of it, decoded when somebody asks, and once for all tails. */
export class ProcessedEvent {
  /** How many bytes it has, as it was sent. */
  readonly length: number;
  readonly #source: string;
  readonly #told: Omit<ToldEvent, "bytes">;
  /** Until it is decoded. */
  #bytes: Uint8Array | undefined;
  #isKept = false;
  #event: Event | undefined;
  #foldEvent: FoldEvent | undefined;

  constructor(source: string, { bytes, ...told }: ToldEvent) {
    this.#source = source;
    this.#told = told;
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  /** Tells it apart from every other: its place in the log. */
  get place(): string {
    return `${this.#source}/${this.#told.offset}/${this.#told.index}`;
  }

  /** Lets go of the message that it came in, which is larger by far. */
  keep(): void {
    if (!this.#isKept && this.#bytes !== undefined) this.#bytes = this.#bytes.slice();
    this.#isKept = true;
  }

  /** When it was received, in epoch milliseconds. */
  get receivedAtMs(): number {
    return this.#told.receivedAtMs;
  }

  /** The processing version that its fields are derived by. */
  get version(): number {
    return this.#told.version;
  }

  /** Its name; "" where it can't be read. */
  get name(): string {
    return this.#decoded.name;
  }

  /** The event as filters and derived fields read it. */
  get foldEvent(): FoldEvent {
    this.#foldEvent ??= toFoldEvent(this.#decoded, this.#told);
    return this.#foldEvent;
  }

  /** The event as it is sent. Its own, so that it may be changed. */
  toTailed(derived: Readonly<Record<string, string>>): TailedEvent {
    const { timeMs, receivedAtMs, verdict, eventId } = this.#told;
    const { name, userId, anonymousId, sessionId, properties = {} } = this.#decoded;
    const ids = { eventId, userId, anonymousId, sessionId };
    const event = create(EventSchema, { ...ids, name, properties, time: timestampFromMs(timeMs) });
    return create(TailedEventSchema, {
      event,
      receiveTime: timestampFromMs(receivedAtMs),
      verdict: VERDICTS[verdict],
      derived: { ...derived },
    });
  }

  get #decoded(): Event {
    if (this.#event === undefined) {
      this.#event = decode(this.#bytes!);
      this.#bytes = undefined;
    }
    return this.#event;
  }
}

/** Dead letters may be bytes that are no event: nothing is known of those but their stamps. */
function decode(bytes: Uint8Array): Event {
  try {
    return fromBinary(EventSchema, bytes);
  } catch {
    return create(EventSchema);
  }
}

function toFoldEvent(event: Event, told: Omit<ToldEvent, "bytes">): FoldEvent {
  const { name, userId, anonymousId, sessionId } = event;
  const keys: string[] = [];
  const values: PropertyValue[] = [];
  for (const [key, value] of Object.entries(event.properties ?? {})) {
    if (typeof value === "object") continue;
    keys.push(key);
    values.push(value);
  }
  return {
    name,
    eventId: told.eventId,
    userId,
    anonymousId,
    sessionId,
    keys,
    values,
    count: keys.length,
    timeMs: told.timeMs,
    receivedAtMs: told.receivedAtMs,
    late: told.verdict === "late",
    userAgent: told.userAgent,
  };
}
