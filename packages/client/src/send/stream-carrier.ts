import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import {
  StreamResponse_EndCause as EndCause,
  IngestService,
  type StreamRequest,
  StreamRequestSchema,
  type StreamResponse,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Batch } from "../buffer/batch.ts";
import type { Answer, Attempt, Carrier } from "./attempt.ts";
import { refusalsCounted } from "./refusals.ts";

const EVENTS_FIELD = 3;
const LENGTH_DELIMITED = 2;
const MEBIBYTE = 1024 * 1024;

/** How batches travel. */
export type CarrierOptions = {
  readonly transport: Transport;
  /** Stamps each attempt with the client's clock, so that the server corrects times by it. */
  readonly sentAt: (() => number) | undefined;
  /** Frees connections. */
  readonly close: () => void;
};

/** Carries batches by `IngestService.Stream`. */
export class StreamCarrier implements Carrier {
  readonly limits = {
    batches: Number.POSITIVE_INFINITY,
    // The server answers after 8 MiB, and what is on its way then is sent twice; so the client is first.
    bytes: 4 * MEBIBYTE,
    ageMs: 1000,
    unanswered: 2,
    answerMs: 40_000,
  };
  readonly #options: CarrierOptions;
  readonly #client: Client<typeof IngestService>;
  readonly #streamId: string;

  constructor(options: CarrierOptions, streamId: string) {
    this.#options = options;
    this.#streamId = streamId;
    this.#client = createClient(IngestService, options.transport);
  }

  open(): Attempt {
    return new StreamAttempt(this.#client, this.#streamId, this.#options.sentAt);
  }

  close(): void {
    this.#options.close();
  }
}

class StreamAttempt implements Attempt {
  readonly answer: Promise<Answer>;
  sent = 0;
  readonly #streamId: string;
  readonly #sentAt: (() => number) | undefined;
  readonly #abort = new AbortController();
  readonly #waiting: Batch[] = [];
  #wake: (() => void) | undefined;
  #hasEnded = false;

  constructor(client: Client<typeof IngestService>, streamId: string, sentAt: (() => number) | undefined) {
    this.#streamId = streamId;
    this.#sentAt = sentAt;
    this.answer = this.#call(client);
  }

  push(batch: Batch): void {
    this.#waiting.push(batch);
    this.#wake?.();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
    this.#stop();
  }

  async #call(client: Client<typeof IngestService>): Promise<Answer> {
    try {
      return toAnswer(await client.stream(this.#messages(), { signal: this.#abort.signal }));
    } finally {
      // The answer may come before everything was sent: what waits is for another stream.
      this.#stop();
    }
  }

  #stop(): void {
    this.#waiting.length = 0;
    this.end();
  }

  async *#messages(): AsyncGenerator<StreamRequest> {
    for (let streamId = this.#streamId; ; streamId = "") {
      while (this.#waiting.length === 0) {
        if (this.#hasEnded) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      yield this.#message(this.#waiting.shift()!, streamId);
      this.sent++;
    }
  }

  #message({ sequence, frames }: Batch, streamId: string): StreamRequest {
    const message = create(StreamRequestSchema, { streamId, sequence: BigInt(sequence) });
    if (this.#sentAt !== undefined) message.sentAt = timestampFromMs(this.#sentAt());
    message.$unknown = [framesAsField(frames, EVENTS_FIELD)];
    return message;
  }
}

/**
 * Frames as a field that protobuf-es writes as it is: tag, then data. So the first frame's own tag is left out, and the
 * others go as part of the data; for who reads it, they are one repeated field.
 */
export function framesAsField(frames: Uint8Array, no: number) {
  return { no, wireType: LENGTH_DELIMITED, data: frames.subarray(1) } as const;
}

function toAnswer(response: StreamResponse): Answer {
  const outcomes = response.outcomes.flatMap(({ outcome }) => outcome ?? []);
  return {
    through: response.durableThroughSequence === undefined ? -1 : Number(response.durableThroughSequence),
    accepted: Number(response.acceptedCount),
    duplicate: Number(response.duplicateCount),
    refusals: refusalsCounted(response.reasons, outcomes),
    isTroubled: response.endCause === EndCause.APPEND_FAILED,
  };
}
