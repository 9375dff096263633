import { streamClaimTime, untimedClaimTime } from "@millrace/cache";
import type { EventAppender, SectionHeader } from "@millrace/event-log";
import type { Failure, Reason } from "@millrace/failure";
import { hashWords, murmur3 } from "@millrace/hash";
import { activeCause } from "@millrace/telemetry";
import type { SpanContext } from "@opentelemetry/api";
import { EventBatch, FATE } from "./append/event-batch.ts";
import { LogWriter } from "./append/log-writer.ts";
import type { Contribution } from "./append/partition-writer.ts";
import { examineEvent } from "./decoded/examine-event.ts";
import { randomEventId, streamEventId, uuidTimeMs } from "./event-id.ts";
import { EVENT_LIMITS } from "./event-limits.ts";
import { JudgedEvents } from "./judged-events.ts";
import type { OutcomeCounters } from "./outcome-counters.ts";
import { RecentIds } from "./recent-ids.ts";
import type { Rejection } from "./rejection.ts";
import { Repeats } from "./repeats.ts";
import type { BatchFrame } from "./scan/batch-frame.ts";
import { EventScan } from "./scan/event-scan.ts";
import { isLate, partitionOf, type StampRules } from "./stamp-rules.ts";

const ROUTE_SEED = 0;
const MIN_TIME_MS = EVENT_LIMITS.minTimeSeconds * 1000;
const MAX_USER_AGENT_BYTES = 512;

/** Where and how a batch came. */
export type Arrival = {
  readonly rules: StampRules;
  /** Whether the key has the scope IMPORT: whoever may send old events is taken to send old events. */
  readonly imported: boolean;
  /** The browser's; "" for what is no browser. */
  readonly userAgent: string;
  readonly receivedAtMs: number;
  /** Names the stream and message that ids are made from; undefined: events without ids get random ones. */
  readonly idsFrom?: { readonly streamId: string; readonly sequence: string } | undefined;
  /** Nobody waits for this batch alone: it may gather with others for some milliseconds, until `hurry` is called. */
  readonly canWait?: boolean;
  /** The span that the batch came by, where it is not the active one. */
  readonly cause?: SpanContext | undefined;
  /** For each event, a rejection that was found before it had bytes. */
  readonly rejected?: ReadonlyMap<number, Rejection>;
  /** Events that were accepted before, as the claims say. */
  readonly claimed?: ReadonlySet<number>;
};

/** The bounds of an {@link Intake}. */
export type IntakeLimits = {
  readonly recentIds: number;
  readonly recentIdsMs: number;
  readonly appendTimeoutMs: number;
};

/**
 * Judges, stamps and routes events, and hands their bytes to the log. Everything that depends on a clock, on
 * configuration or on load is decided here and written into the record, so that folding it is a pure function.
 */
export class Intake {
  readonly #scan = new EventScan();
  readonly #judged = new JudgedEvents();
  readonly #repeats = new Repeats();
  readonly #recent: RecentIds;
  readonly #log: LogWriter;
  readonly #counters: OutcomeCounters;

  /** @param onAppendFailed told of every record that may not be in the log */
  constructor(
    log: EventAppender,
    counters: OutcomeCounters,
    limits: IntakeLimits,
    onAppendFailed: (failure: Failure, partition: number) => void = () => {},
  ) {
    this.#counters = counters;
    this.#recent = new RecentIds(limits.recentIds, limits.recentIdsMs);
    const durable = (contribution: Contribution): void => this.#durable(contribution);
    this.#log = new LogWriter(log, limits.appendTimeoutMs, { durable, failed: onAppendFailed });
  }

  /**
   * Takes a batch. When this returns, the frame's bytes are no longer needed; when the batch has settled, what it
   * accepted is durable, and its fates say what became of the rest. Never throws for an event.
   */
  take(frame: BatchFrame, arrival: Arrival): EventBatch {
    const { receivedAtMs, rules, imported } = arrival;
    const batch = new EventBatch(frame.count, "cause" in arrival ? arrival.cause : activeCause());
    const header: SectionHeader = {
      projectId: rules.projectId,
      revision: rules.revision,
      processingVersion: rules.processingVersion,
      imported,
      receivedAtMs,
      userAgent: arrival.userAgent,
    };
    const correctionMs = frame.sentAtMs === undefined ? 0 : receivedAtMs - frame.sentAtMs;
    for (let i = 0; i < frame.count; i++) {
      const rejection =
        arrival.rejected?.get(i) ??
        this.#judge(
          frame.bytes,
          frame.ranges[2 * i]!,
          frame.ranges[2 * i + 1]!,
          i,
          batch.hashes,
          arrival,
          correctionMs,
        );
      this.#judged.isGood[i] = rejection === undefined ? 1 : 0;
      if (rejection !== undefined) batch.reject(i, rejection);
    }
    this.#recent.passTime(receivedAtMs);
    this.#recent.find(batch.hashes, frame.count, this.#judged.isKnown);
    this.#add(frame, batch, header, arrival);
    this.#judged.clear();
    if (arrival.canWait === true) this.#log.sendSoon();
    else this.#log.send();
    batch.close();
    void batch.settled.then(() => this.#count(rules.projectId, batch));
    return batch;
  }

  /** Somebody waits now for what could wait. */
  hurry(): void {
    this.#log.send();
  }

  /** Resolves when everything that was taken has settled. */
  whenIdle(): Promise<void> {
    return this.#log.whenIdle();
  }

  /** Judges one event, stamps and routes it. */
  #judge(
    frameBytes: Uint8Array,
    frameFrom: number,
    frameTo: number,
    index: number,
    hashes: Int32Array,
    arrival: Arrival,
    correctionMs: number,
  ): Rejection | undefined {
    const scan = this.#scan;
    const judged = this.#judged;
    let bytes = frameBytes;
    if (!scan.accepts(bytes, frameFrom, frameTo)) {
      const examined = examineEvent(bytes, frameFrom, frameTo);
      if (!(examined instanceof Uint8Array)) return examined;
      bytes = examined;
      judged.encode(index, examined);
      if (!scan.accepts(bytes, 0, bytes.length)) throw new Error("the scan refuses what decoding accepts");
    }
    const { receivedAtMs, rules } = arrival;
    let timeMs = receivedAtMs;
    let claimTimeMs = receivedAtMs;
    if (scan.hasTime) {
      claimTimeMs = scan.seconds * 1000 + Math.floor(scan.nanos / 1e6);
      timeMs = claimTimeMs + correctionMs;
      const fault = checkStampedTime(timeMs, receivedAtMs);
      if (fault !== undefined) return fault;
    }
    let assignedId = "";
    const { idFrom, idTo } = scan;
    if (idTo > idFrom) {
      const idTimeMs = uuidTimeMs(bytes, idFrom, idTo);
      if (idTimeMs >= 0) claimTimeMs = idTimeMs;
      else if (!scan.hasTime) claimTimeMs = untimedClaimTime(receivedAtMs);
      murmur3(bytes, idFrom, idTo, rules.projectHash);
    } else {
      const { idsFrom } = arrival;
      assignedId =
        idsFrom === undefined ? randomEventId(receivedAtMs) : streamEventId(idsFrom.streamId, idsFrom.sequence, index);
      if (!scan.hasTime && idsFrom !== undefined) {
        claimTimeMs = streamClaimTime(idsFrom.streamId, BigInt(idsFrom.sequence));
      }
      const length = assignedIdBytes.write(assignedId, "latin1");
      murmur3(assignedIdBytes, 0, length, rules.projectHash);
    }
    // The full hash of the project too: of 100,000 projects, two share a seed of 32 bits.
    const at = 4 * index;
    hashes[at] = hashWords[0]! ^ rules.projectWords[0];
    hashes[at + 1] = hashWords[1]! ^ rules.projectWords[1];
    hashes[at + 2] = hashWords[2]! ^ rules.projectWords[2];
    hashes[at + 3] = hashWords[3]! ^ rules.projectWords[3] ^ (arrival.imported ? 1 : 0);
    judged.timeMs[index] = timeMs;
    judged.claimTimeMs[index] = claimTimeMs;
    judged.assignedId[index] = assignedId;
    judged.partition[index] = this.#partition(bytes, assignedId.length, rules);
    return undefined;
  }

  /** Where the event that was scanned last goes; its assigned id, if it has one, lies in `assignedIdBytes`. */
  #partition(bytes: Uint8Array, assignedIdLength: number, rules: StampRules): number {
    const { partitions } = this.#log;
    if (rules.spread === 1) return rules.projectHash % partitions;
    const { routeFrom, routeTo } = this.#scan;
    if (routeTo > routeFrom) murmur3(bytes, routeFrom, routeTo, ROUTE_SEED);
    else murmur3(assignedIdBytes, 0, assignedIdLength, ROUTE_SEED);
    return partitionOf(rules, hashWords[0]!, partitions);
  }

  /** Adds the events that are good, and new, to the log's next records. */
  #add(frame: BatchFrame, batch: EventBatch, header: SectionHeader, arrival: Arrival): void {
    const { rules, receivedAtMs, claimed, imported } = arrival;
    const { isGood, isKnown, partition, timeMs, claimTimeMs, assignedId, encoded } = this.#judged;
    this.#repeats.begin();
    for (let i = 0; i < frame.count; i++) {
      if (isGood[i] === 0) continue;
      if (isKnown[i] === 1 || claimed?.has(i)) {
        batch.duplicate(i);
        continue;
      }
      const first = this.#repeats.firstOf(batch.hashes, i);
      if (first >= 0) {
        batch.repeats(i, first);
        continue;
      }
      const time = timeMs[i]!;
      const late = !imported && isLate(rules, time, receivedAtMs);
      const own = encoded[i];
      const bytes = own ?? frame.bytes;
      const from = own === undefined ? frame.ranges[2 * i]! : 0;
      const to = own === undefined ? frame.ranges[2 * i + 1]! : own.length;
      this.#log.add(partition[i]!, header, batch, i, time, claimTimeMs[i]!, late, assignedId[i]!, bytes, from, to);
    }
  }

  #durable({ batch, header, indexes, late }: Contribution): void {
    for (const index of indexes) this.#recent.add(batch.hashes, 4 * index);
    this.#counters.accepted(header.projectId, indexes.length, late);
  }

  #count(projectId: string, batch: EventBatch): void {
    let duplicates = 0;
    let retries = 0;
    for (const fate of batch.fates) {
      if (fate === FATE.duplicate) duplicates++;
      else if (fate === FATE.retry) retries++;
    }
    if (duplicates > 0) this.#counters.refused(projectId, "duplicate", "EVENT_DUPLICATE", duplicates);
    if (retries > 0) this.#counters.refused(projectId, "retry", "EVENT_NOT_APPENDED", retries);
    const byReason = new Map<Reason, number>();
    for (const { reason } of batch.rejections.values()) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    for (const [reason, count] of byReason) this.#counters.refused(projectId, "rejected", reason, count);
  }
}

const assignedIdBytes = Buffer.alloc(64);

function checkStampedTime(timeMs: number, receivedAtMs: number): Rejection | undefined {
  if (timeMs > receivedAtMs + EVENT_LIMITS.futureMs) {
    const message = "is more than 5 minutes in the future";
    return { reason: "EVENT_TIME_IN_FUTURE", field: "time", message };
  }
  if (timeMs >= MIN_TIME_MS) return undefined;
  const message = "is before 1980 once the sender's clock is corrected by sent_at";
  return { reason: "EVENT_TIME_INVALID", field: "time", message };
}

/** A header of a request as the stamp keeps it. */
export function userAgentOf(header: string | undefined): string {
  return header === undefined ? "" : header.slice(0, MAX_USER_AGENT_BYTES);
}
