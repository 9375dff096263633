import type { ConnectRouter } from "@connectrpc/connect";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Cache, ClaimStore } from "@millrace/cache";
import { type CellStore, WATERMARK_KIND } from "@millrace/cell-store";
import type { EventAppender, EventConsumer, GroupMember, OwnedPartition, PartitionHandler } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { Snapshot } from "@millrace/snapshot";
import type { Meter, Tracer } from "@opentelemetry/api";
import type { HighestBuckets } from "./blocks/block-table.ts";
import { MemoryBudget } from "./blocks/memory-budget.ts";
import { createDeadLetterService } from "./dead-letters/dead-letter-service.ts";
import type { DeadLetters, LetterLog } from "./dead-letters/dead-letters.ts";
import { CHECKPOINT_KIND, checkpointOf } from "./flush/checkpoint.ts";
import { ClaimExpiry } from "./fold/claim-expiry.ts";
import { Plans } from "./fold/plans.ts";
import { Tally } from "./fold/tally.ts";
import { LivePublisher } from "./live/live-publisher.ts";
import { LogCheck } from "./log-check.ts";
import { countedLetters, createMetrics } from "./metrics.ts";
import { OwnedPartitions, observePartitions } from "./owned-partitions.ts";
import { Partition } from "./partition.ts";
import { Retention } from "./retention/retention.ts";
import { retryUntilDone } from "./retry.ts";
import { createGetStatus } from "./status/get-status.ts";
import type { StatusPeer } from "./status/peers.ts";
import { Tails } from "./tail/tails.ts";

/** The group in which processors share the log's partitions. */
export const PROCESSING_GROUP = "millrace.processing";

/** Records are handed over in portions of about this size, compressed. */
const BATCH_BYTES = 512 * 1024;

/** How many plans are kept at hand; they share what they have in common. */
const PLANS_MAX = 250_000;

/** A drain waits this long for backends that are away, where nothing else is said. */
const DRAIN_MS = 10_000;

/** What processing is built from. */
export type ProcessingDeps = {
  readonly eventLog: EventConsumer & { readonly generation: number; readonly partitions: number };
  readonly cellStore: CellStore;
  readonly claims: ClaimStore;
  readonly cache: Cache;
  readonly deadLetters: DeadLetters;
  /** The log that dead letters are in, and the one that they are redriven to. Absent: DeadLetterService is not there. */
  readonly redrive?: { readonly letters: LetterLog; readonly events: EventAppender };
  /** The other processors, as of now; this one may be among them. Absent: there are none. */
  readonly peers?: () => Promise<readonly StatusPeer[]>;
  readonly snapshot: Snapshot;
  readonly clock: { now(): number };
  readonly meter: Meter;
  /** Where spans go; the process's own unless given. */
  readonly tracer?: Tracer;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** The release that this is of, for GetStatus; empty where it is not said. */
  readonly version?: string;
  /** Memory for blocks, in bytes. */
  readonly blockBytesMax: number;
  /** Scales the intervals at which coarse tiers are flushed; 1 for the usual. */
  readonly flushIntervalScale: number;
  /**
   * True where claims expire by the wall clock, so that a partition must stop when it lags behind by more than 24 hours.
   * False where this process alone expires them, by the log's own time.
   */
  readonly claimsExpire: boolean;
  /** How many plans, by project and revision, are kept at hand; 250,000 where it is not said. */
  readonly plansMax?: number;
  /** The group of consumers; {@link PROCESSING_GROUP} where it is not said. */
  readonly group?: string;
  /** For how long a drain waits for backends that are away, in milliseconds; 10 seconds where it is not said. */
  readonly drainMs?: number;
  /** Told when a partition, or all, can't go on: the process should stop. */
  readonly onFailure: (error: unknown) => void;
};

/** Processing, ready to be started. */
export type ProcessingApp = {
  /** Adds StatusService, and DeadLetterService. */
  routes(router: ConnectRouter): void;
  /** Joins the group and folds. */
  start(): Promise<void>;
  /** Stores what is folded, commits, and leaves the group. Idempotent. */
  drain(): Promise<void>;
  /** Whether the group was joined. */
  readonly joined: boolean;
};

/** Stands for a partition that was lost, or is to be left, before anything was done with it: its records are another's. */
const NOT_OURS: PartitionHandler = {
  records: async () => {},
  idle() {},
  revoke: async () => {},
};

/** Builds processing. It does nothing before it is started. */
export function createProcessingApp(deps: ProcessingDeps): ProcessingApp {
  const { eventLog, cellStore, clock, meter, log } = deps;
  const { generation } = eventLog;
  const partitions = new OwnedPartitions(clock);
  const budget = new MemoryBudget(deps.blockBytesMax);
  const tally = new Tally(meter);
  const metrics = createMetrics(meter);
  const deadLetters = countedLetters(deps.deadLetters, meter);
  const plans = new Plans(deps.snapshot, deps.plansMax ?? PLANS_MAX);
  const live = new LivePublisher(deps.cache, clock, log);
  const tails = new Tails({ cache: deps.cache, clock, meter, log });
  // A partition that has not begun may be far behind.
  let beginning = 0;
  const foldedMs = () => (beginning > 0 ? 0 : partitions.watermarkMs("1m"));
  const retention = new Retention({ store: cellStore, snapshot: deps.snapshot, foldedMs, log });
  const expiry = new ClaimExpiry({ claims: deps.claims, foldedMs, log });
  const logCheck = new LogCheck(eventLog);
  const stopping = new AbortController();
  let member: GroupMember | undefined;

  async function assigned(owned: OwnedPartition): Promise<PartitionHandler> {
    const source = `${generation}:${owned.partition}`;
    const signal = AbortSignal.any([owned.lost, stopping.signal]);
    const { partition: number, startOffset } = owned;
    const waits = (err: unknown) => err !== undefined && log.warn({ err, partition: number }, "the partition waits");
    const begin = async () => {
      const marks = await cellStore.readStates(WATERMARK_KIND, { signal });
      const checkpoints = await cellStore.readStates(CHECKPOINT_KIND, { signal });
      await logCheck.check({ generation, partition: number, startOffset }, marks, checkpoints, signal);
      return checkpointOf(checkpoints, source) ?? new Map();
    };
    let storedBefore: HighestBuckets;
    beginning++;
    try {
      storedBefore = await retryUntilDone(begin, waits, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return NOT_OURS;
    } finally {
      beginning--;
    }
    const own = { generation, store: cellStore, owned, storedBefore };
    const ours = { plans, tally, metrics, deadLetters, live, tails, budget, retention };
    const partition = new Partition({ drainMs: DRAIN_MS, ...deps, ...own, ...ours });
    partitions.own(number, partition, owned.lost);
    return partition;
  }

  function failed(error: unknown, partition: number | undefined): void {
    log.error({ err: error, partition }, "processing can not go on");
    deps.onFailure(error);
  }

  observePartitions(meter, partitions, budget);
  const getStatus = createGetStatus({
    store: cellStore,
    snapshot: deps.snapshot,
    clock,
    localWatermarkMs: (tier) => partitions.watermarkMs(tier),
    partitions,
    generation,
    partitionCount: eventLog.partitions,
    tally,
    startMs: clock.now(),
    version: deps.version ?? "",
    ...(deps.peers !== undefined && { peers: deps.peers }),
  });
  const committed: EventConsumer["committed"] = (...args) => eventLog.committed(...args);
  const redriving = { ...deps, plans, committed, group: deps.group ?? PROCESSING_GROUP, draining: stopping.signal };
  const letterService = deps.redrive && createDeadLetterService({ ...redriving, ...deps.redrive });
  return {
    routes(router) {
      router.service(StatusService, { getStatus });
      if (letterService !== undefined) router.service(DeadLetterService, letterService);
    },
    async start() {
      tails.start();
      member = await eventLog.join(
        deps.group ?? PROCESSING_GROUP,
        { assigned, failed },
        { maxBatchBytes: BATCH_BYTES },
      );
      expiry.start();
      retention.start();
    },
    async drain() {
      stopping.abort(new Failure("unavailable", "DRAINING", "processing is stopping"));
      expiry.stop();
      for (const partition of partitions.values()) partition.beginDrain();
      await retention.stop();
      await member?.leave();
      member = undefined;
      tails.stop();
    },
    get joined() {
      return member !== undefined;
    },
  };
}
