import { create } from "@bufbuild/protobuf";
import type { Reason as ReasonCode } from "@millrace/api/millrace/failure/v1/reason_pb";
import {
  StreamResponse_EndCause as EndCause,
  type EventOutcome,
  ReasonCountSchema,
  StreamOutcomeSchema,
  type StreamResponse,
  StreamResponseSchema,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { causeOf } from "@millrace/telemetry";
import { context, type Span, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { type EventBatch, FATE } from "../append/event-batch.ts";
import type { Caller } from "../caller.ts";
import type { Intake } from "../intake.ts";
import { eventOutcome, tally } from "../outcomes.ts";
import { readStreamRequest, type StreamFrame } from "../scan/batch-frame.ts";
import { findEventId } from "../scan/find-event-id.ts";

/** Outcomes that are told in full. */
const OUTCOMES_MAX = 100;

/** Why a stream is answered. */
export type EndReason = Exclude<keyof typeof EndCause, "UNSPECIFIED">;

/** The bounds of a stream. */
export type StreamLimits = {
  readonly bytes: number;
  /** A stream's age at its answer is somewhere between, at random, so that streams begun together end apart. */
  readonly ageMsMin: number;
  readonly ageMsMax: number;
};

/** What a session is made of. */
export type SessionDeps = {
  readonly intake: Intake;
  readonly now: () => number;
  readonly limits: StreamLimits;
  /** Aborted when the server drains. */
  readonly drain: AbortSignal;
  readonly tracer: Tracer;
  readonly openStreams: { add(by: number, attributes: Record<string, never>): void };
};

type Told = { readonly index: number; readonly outcome: EventOutcome };
type Message = { readonly sequence: bigint; readonly batch: EventBatch; readonly told: readonly Told[] };

/**
 * One stream of messages, whatever carries them: takes each without waiting for the ones before, and knows through
 * which sequence everything is durable. It ends when the producer has ended, or earlier; then `answer` tells.
 */
export class StreamSession {
  /** Resolves when the stream is to be answered: by `end`, at its age or size, on a drain, or after a failed append. */
  readonly ended: Promise<EndReason>;
  readonly #resolveEnded: (reason: EndReason) => void;
  readonly #deps: SessionDeps;
  readonly #caller: Caller;
  readonly #userAgent: string;
  readonly #timer: NodeJS.Timeout;
  readonly #onDrain = (): void => this.end("DRAINING");
  /** The span of the stream itself. */
  readonly #cause = trace.getSpanContext(context.active());
  #isOpen = true;
  #reason: EndReason | undefined;
  #streamId: string | undefined;
  #last: bigint | undefined;
  #bytes = 0;
  /** Taken, and not yet known to be durable, in the order of arrival. */
  #open: Message[] = [];
  /** True from the first message on that is not covered. */
  #isBroken = false;
  #covered: bigint | undefined;
  #accepted = 0n;
  #duplicate = 0n;
  #rejected = 0n;
  readonly #outcomes: { readonly sequence: bigint; readonly outcome: EventOutcome }[] = [];
  readonly #reasons = new Map<ReasonCode, bigint>();

  constructor(deps: SessionDeps, caller: Caller, userAgent: string) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#deps = deps;
    this.#caller = caller;
    this.#userAgent = userAgent;
    deps.openStreams.add(1, {});
    const { ageMsMin, ageMsMax } = deps.limits;
    this.#timer = setTimeout(() => this.end("AGE"), ageMsMin + Math.random() * (ageMsMax - ageMsMin));
    if (deps.drain.aborted) this.end("DRAINING");
    else deps.drain.addEventListener("abort", this.#onDrain, { once: true });
  }

  get hasEnded(): boolean {
    return this.#reason !== undefined;
  }

  /** Says why the stream is to be answered; the first reason counts. */
  end(reason: EndReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#stopWaiting();
    this.#resolveEnded(reason);
  }

  /** Frees what the session holds. Idempotent. */
  close(): void {
    this.#stopWaiting();
    if (this.#isOpen) this.#deps.openStreams.add(-1, {});
    this.#isOpen = false;
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#deps.drain.removeEventListener("abort", this.#onDrain);
  }

  /**
   * Takes an encoded StreamRequest; its bytes are no longer needed when this returns. The promise resolves when the
   * message has settled, and never rejects.
   *
   * @throws Failure `invalid` for a message that can't be read, or is out of order; the call fails by it
   */
  take(bytes: Uint8Array): Promise<void> {
    const frame = readStreamRequest(bytes);
    const streamId = this.#inOrder(frame);
    const { sequence } = frame;
    const span = this.#startSpan(frame.count);
    const batch = this.#deps.intake.take(frame, {
      rules: this.#caller.rules(),
      imported: this.#caller.imported,
      userAgent: this.#userAgent,
      receivedAtMs: this.#deps.now(),
      // The producer is answered once, at the end.
      canWait: true,
      cause: causeOf(span),
      idsFrom: streamId === "" ? undefined : { streamId, sequence: sequence.toString() },
    });
    this.#open.push({ sequence, batch, told: this.#tell(frame, batch) });
    this.#bytes += bytes.length;
    if (this.#bytes >= this.#deps.limits.bytes) this.end("BYTES");
    return batch.settled.then(() => {
      span.end();
      this.#absorb();
    });
  }

  /** The answer, once everything that was taken has settled. */
  async answer(): Promise<StreamResponse> {
    const reason = await this.ended;
    this.#deps.intake.hurry();
    await Promise.all(this.#open.map(({ batch }) => batch.settled));
    this.#absorb();
    return create(StreamResponseSchema, {
      ...(this.#covered === undefined ? {} : { durableThroughSequence: this.#covered }),
      acceptedCount: this.#accepted,
      duplicateCount: this.#duplicate,
      rejectedCount: this.#rejected,
      outcomes: this.#outcomes.map((told) => create(StreamOutcomeSchema, told)),
      reasons: [...this.#reasons].map(([reason, count]) => create(ReasonCountSchema, { reason, count })),
      endCause: EndCause[this.#isBroken ? "APPEND_FAILED" : reason],
    });
  }

  /** A stream may last for long, so each of its messages is a trace of its own, linked to the stream's. */
  #startSpan(events: number): Span {
    const links = this.#cause === undefined ? [] : [{ context: this.#cause }];
    const attributes = { "millrace.events": events };
    return this.#deps.tracer.startSpan("ingest stream message", {
      kind: SpanKind.SERVER,
      root: true,
      links,
      attributes,
    });
  }

  #inOrder({ streamId, sequence }: StreamFrame): string {
    if (this.#streamId !== undefined && streamId !== "" && streamId !== this.#streamId) {
      throw Failure.invalidField("stream_id", "must stay the same, or empty, after the first message");
    }
    if (this.#last !== undefined && sequence <= this.#last) {
      throw Failure.invalidField("sequence", `must be greater than the one before, ${this.#last}`);
    }
    this.#last = sequence;
    this.#streamId ??= streamId;
    return this.#streamId;
  }

  /** What is to be told of the message's events, as far as it is known, while its bytes are still there. */
  #tell(frame: StreamFrame, batch: EventBatch): Told[] {
    const told: Told[] = [];
    if (this.#outcomes.length >= OUTCOMES_MAX) return told;
    for (let index = 0; index < batch.count && told.length < OUTCOMES_MAX; index++) {
      if (batch.fates[index] === FATE.accepted) continue;
      const eventId = findEventId(frame.bytes, frame.ranges[2 * index]!, frame.ranges[2 * index + 1]!);
      told.push({ index, outcome: eventOutcome(batch, index, eventId) });
    }
    return told;
  }

  /** Adds up the messages from the oldest on that have settled, up to the first that is not durable. */
  #absorb(): void {
    while (!this.#isBroken && this.#open.length > 0) {
      const { sequence, batch, told } = this.#open[0]!;
      if (!batch.hasSettled) return;
      if (batch.failure !== undefined) {
        this.#isBroken = true;
        this.end("APPEND_FAILED");
        return;
      }
      this.#open.shift();
      this.#covered = sequence;
      this.#add(batch);
      for (const { outcome } of told) {
        if (this.#outcomes.length < OUTCOMES_MAX) this.#outcomes.push({ sequence, outcome });
      }
    }
  }

  #add(batch: EventBatch): void {
    const { accepted, duplicate, rejected } = tally(batch);
    this.#accepted += BigInt(accepted);
    this.#duplicate += BigInt(duplicate);
    this.#rejected += BigInt(rejected);
    if (accepted === batch.count) return;
    for (let i = 0; i < batch.count; i++) {
      if (batch.fates[i] === FATE.accepted) continue;
      const { reason } = eventOutcome(batch, i, "");
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0n) + 1n);
    }
  }
}
