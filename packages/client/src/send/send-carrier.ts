import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  IngestService,
  Outcome,
  SendRequestSchema,
  type SendResponse,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Batch } from "../buffer/batch.ts";
import { asSendRequest, pickFrames } from "../event/event-frames.ts";
import type { Answer, Attempt, Carrier } from "./attempt.ts";
import { refusalsOf } from "./refusals.ts";
import { type CarrierOptions, framesAsField } from "./stream-carrier.ts";

const EVENTS_FIELD = 1;

/** Carries each batch by a call of `IngestService.Send`. */
export class SendCarrier implements Carrier {
  readonly limits: Carrier["limits"];
  readonly #options: CarrierOptions;
  readonly #client: Client<typeof IngestService>;

  /** @param unanswered how many calls may wait for their answers beside the newest, asked before each */
  constructor(options: CarrierOptions, unanswered: () => number) {
    this.#options = options;
    this.limits = {
      batches: 1,
      bytes: Number.POSITIVE_INFINITY,
      ageMs: 1000,
      get unanswered() {
        return unanswered();
      },
      answerMs: 30_000,
    };
    this.#client = createClient(IngestService, options.transport);
  }

  open(): Attempt {
    return new SendAttempt(this.#client, this.#options.sentAt);
  }

  close(): void {
    this.#options.close();
  }
}

class SendAttempt implements Attempt {
  readonly answer: Promise<Answer>;
  /** What fetch takes is not told. */
  readonly sent = 0;
  readonly #client: Client<typeof IngestService>;
  readonly #sentAt: (() => number) | undefined;
  readonly #abort = new AbortController();
  #resolve!: (answer: Answer | Promise<Answer>) => void;
  #hasBatch = false;

  constructor(client: Client<typeof IngestService>, sentAt: (() => number) | undefined) {
    this.#client = client;
    this.#sentAt = sentAt;
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  push(batch: Batch): void {
    this.#hasBatch = true;
    this.#resolve(this.#send(batch));
  }

  end(): void {
    if (!this.#hasBatch) this.#resolve({ through: -1, accepted: 0, duplicate: 0, refusals: [], isTroubled: false });
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  async #send(batch: Batch): Promise<Answer> {
    const { frames, sequence, count } = batch;
    const message = create(SendRequestSchema);
    if (this.#sentAt !== undefined) message.sentAt = timestampFromMs(this.#sentAt());
    message.$unknown = [framesAsField(asSendRequest(frames), EVENTS_FIELD)];
    const response = await this.#client.send(message, { signal: this.#abort.signal });
    const { acceptedCount, duplicateCount, rejectedCount, retryCount } = response;
    // An empty body is a valid message; who answers so is not Millrace.
    if (acceptedCount + duplicateCount + rejectedCount + retryCount !== count) {
      throw new ConnectError("the answer is not about the events that were sent", Code.Internal);
    }
    return {
      through: sequence,
      accepted: acceptedCount,
      duplicate: duplicateCount,
      refusals: refusalsOf(response.outcomes),
      remainder: remainderOf(batch, frames, response),
      isTroubled: retryCount > 0,
    };
  }
}

function remainderOf(batch: Batch, frames: Uint8Array, { outcomes }: SendResponse): Answer["remainder"] {
  const again = outcomes.filter(({ outcome }) => outcome === Outcome.RETRY).map(({ index }) => index);
  if (again.length === 0) return undefined;
  again.sort((a, b) => a - b);
  return { batch, frames: pickFrames(frames, again), count: again.length };
}
