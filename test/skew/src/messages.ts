/** What processes of different releases say to each other, and what lies in servers: one of each, as bytes. */
import { CLAIM_ID_BYTES, claimId, claimSlot, POSITION_BYTES, packPosition, unpackPosition } from "@millrace/cache";
import {
  decodeLiveMessage,
  encodeLiveMessage,
  type LiveMessage,
  type Watermark,
  watermarkOf,
  watermarkState,
} from "@millrace/cell-store";
import {
  decodeTailMessage,
  decodeTailRequest,
  encodeTailMessage,
  encodeTailRequest,
  type TailMessage,
  type TailRequest,
} from "@millrace/tail";

/** Bytes in base64, and what is in them. */
type Recorded = { readonly bytes: string; readonly says: unknown };

/** By the name of the kind. */
export type Messages = Readonly<Record<string, Recorded>>;

const LIVE: LiveMessage = {
  key: {
    ...{ projectId: "shop", family: "main@2", generation: 1, granularity: "1m" },
    ...{ bucket: 29_500_000, slot: 3, source: "1:7" },
  },
  previousOff: 41,
  off: 43,
  wts: 1_768_480_496_000_000,
  cells: new Uint8Array([1, 2, 3, 10, 255]),
};
const TAIL: TailMessage = {
  source: "1:7",
  epoch: "e",
  sequence: 4,
  events: [
    {
      ...{ offset: 42, index: 1, timeMs: 1_768_480_496_000, receivedAtMs: 1_768_480_496_001, verdict: "counted" },
      ...{ version: 2, eventId: "a", userAgent: "agent", bytes: new Uint8Array([10, 0, 255]) },
    },
  ],
  skipped: 2,
};
const REQUEST: TailRequest = { projectId: "shop", recent: { request: "r", count: 5 } };
const WATERMARK: Watermark = { source: "1:7", tier: "1m", offset: 43, timeMs: 1_768_480_496_000 };
const POSITION = { generation: 3, partition: 300, offset: 2 ** 40 + 5, index: 700 };

type Kind = { write(): Uint8Array; read(bytes: Uint8Array): unknown };

const KINDS: Readonly<Record<string, Kind>> = {
  live: { write: () => encodeLiveMessage(LIVE), read: decodeLiveMessage },
  tail: { write: () => encodeTailMessage(TAIL), read: decodeTailMessage },
  "tail request": { write: () => encodeTailRequest(REQUEST), read: decodeTailRequest },
  watermark: {
    write: () => watermarkState(WATERMARK).value,
    read: (value) => watermarkOf({ ...watermarkState(WATERMARK), value }),
  },
  position: {
    write: () => written(POSITION_BYTES, (out) => packPosition(POSITION, out, 0)),
    read: (bytes) => unpackPosition(bytes, 0),
  },
  // Nobody reads an id: whoever meets the event again makes the same one.
  "claim id": {
    write() {
      const id = Buffer.from("0198c0de-event");
      return written(CLAIM_ID_BYTES, (out) => claimId("shop", id, 0, id.length, out, 0));
    },
    read: (bytes) => Buffer.from(bytes).toString("hex"),
  },
  "claim slots": {
    write: () => Buffer.from([false, true].map((imported) => claimSlot(1_768_480_496_000, imported)).join()),
    read: (bytes) => Buffer.from(bytes).toString(),
  },
};

/** Each kind, as this checkout writes and understands it. */
export function recordMessages(): Messages {
  const recorded = Object.entries(KINDS).map(([name, { write, read }]) => {
    const bytes = write();
    return [name, { bytes: Buffer.from(bytes).toString("base64"), says: plain(read(bytes)) }] as const;
  });
  return Object.fromEntries(recorded);
}

/** What this checkout understands of a message that was recorded. */
export function understand(name: string, { bytes }: Recorded): unknown {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`this release knows no ${name}`);
  return plain(kind.read(Buffer.from(bytes, "base64")));
}

/** As it is in JSON, with bytes as base64. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? Buffer.from(part).toString("base64") : part,
  );
  return JSON.parse(text);
}

function written(bytes: number, write: (out: Uint8Array) => void): Uint8Array {
  const out = new Uint8Array(bytes);
  write(out);
  return out;
}
