import type { ConnectRouter } from "@connectrpc/connect";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Cache, ClaimStore } from "@millrace/cache";
import type { CellStore } from "@millrace/cell-store";
import type { EventConsumer, GroupMember, OwnedPartition } from "@millrace/event-log";
import { TIERS, type Tier } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import type { Meter } from "@opentelemetry/api";
import { MemoryBudget } from "./blocks/memory-budget.ts";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";
import { CHECKPOINT_KIND, checkpointOf } from "./flush/checkpoint.ts";
import { Plans } from "./fold/plans.ts";
import { Tally } from "./fold/tally.ts";
import { LivePublisher } from "./live/live-publisher.ts";
import { Partition } from "./partition.ts";
import { Retention } from "./retention/retention.ts";
import { createGetStatus } from "./status/get-status.ts";
import { Tails } from "./tail/tails.ts";

/** The group in which processors share the log's partitions. */
export const PROCESSING_GROUP = "millrace.processing";

/** Records are handed over in portions of about this size, compressed. */
const BATCH_BYTES = 512 * 1024;

/** How many plans are kept at hand; they share what they have in common. */
const PLANS_MAX = 250_000;

/** Claims are looked through for expired ones this often. */
const EXPIRE_CLAIMS_MS = 60_000;

/** Each time, the store is asked at most this often to forget some more. */
const EXPIRE_CALLS_MAX = 100;

/** A drain waits this long for backends that are away, where nothing else is said. */
const DRAIN_MS = 10_000;

/** What processing is built from. */
export type ProcessingDeps = {
  readonly eventLog: EventConsumer & { readonly generation: number };
  readonly cellStore: CellStore;
  readonly claims: ClaimStore;
  readonly cache: Cache;
  readonly deadLetters: DeadLetters;
  readonly snapshot: Snapshot;
  readonly clock: { now(): number };
  readonly meter: Meter;
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
  /** For how long a drain waits for backends that are away, in milliseconds; 10 seconds where it is not said. */
  readonly drainMs?: number;
  /** Told when a partition, or all, can't go on: the process should stop. */
  readonly onFailure: (error: unknown) => void;
};

/** Processing, ready to be started. */
export type ProcessingApp = {
  /** Adds StatusService. */
  routes(router: ConnectRouter): void;
  /** Joins the group and folds. */
  start(): Promise<void>;
  /** Stores what is folded, commits, and leaves the group. Idempotent. */
  drain(): Promise<void>;
  /** Whether the group was joined. */
  readonly joined: boolean;
};

/** Builds processing. It does nothing before it is started. */
export function createProcessingApp(deps: ProcessingDeps): ProcessingApp {
  const { eventLog, cellStore, clock, meter, log } = deps;
  const partitions = new Map<number, Partition>();
  const budget = new MemoryBudget(deps.blockBytesMax);
  const tally = new Tally(meter);
  const plans = new Plans(deps.snapshot, PLANS_MAX);
  const live = new LivePublisher(deps.cache, clock, log);
  const tails = new Tails({ cache: deps.cache, clock, meter, log });
  const retention = new Retention({ store: cellStore, snapshot: deps.snapshot, foldedMs, log });
  const startMs = clock.now();
  let member: GroupMember | undefined;
  let expiring: NodeJS.Timeout | undefined;

  async function assigned(owned: OwnedPartition): Promise<Partition> {
    const source = `${eventLog.generation}:${owned.partition}`;
    const storedBefore = checkpointOf(await cellStore.readStates(CHECKPOINT_KIND), source) ?? new Map();
    const { generation } = eventLog;
    const store = cellStore;
    const onFailure = (error: unknown) => deps.onFailure(error);
    const partition = new Partition({
      drainMs: DRAIN_MS,
      ...deps,
      generation,
      store,
      owned,
      plans,
      tally,
      live,
      tails,
      budget,
      retention,
      storedBefore,
      onFailure,
    });
    partitions.set(owned.partition, partition);
    const forget = () => {
      if (partitions.get(owned.partition) === partition) partitions.delete(owned.partition);
    };
    owned.lost.addEventListener("abort", forget, { once: true });
    return partition;
  }

  function failed(error: unknown, partition: number | undefined): void {
    log.error({ err: error, partition }, "processing can not go on");
    deps.onFailure(error);
  }

  /** Up to when every partition has folded and stored; 0 while one has not folded anything yet: it may be far behind. */
  function foldedMs(): number {
    return Math.min(clock.now(), ...[...partitions.values()].map((partition) => partition.watermark("1m").timeMs));
  }

  /** P6: claims are needed until the partition that is furthest behind has passed them, so the log's time decides. */
  async function expireClaims(): Promise<void> {
    const oldest = foldedMs();
    try {
      for (let calls = 0; calls < EXPIRE_CALLS_MAX && member !== undefined; calls++) {
        if ((await deps.claims.expire(oldest)) === 0) return;
      }
    } catch (error) {
      log.warn({ err: error }, "could not expire claims");
    }
  }

  async function watermarkMs(tier: Tier): Promise<number> {
    return Math.min(clock.now(), ...[...partitions.values()].map((partition) => partition.watermark(tier).timeMs));
  }

  observePartitions(meter, partitions, budget);
  const { snapshot } = deps;
  const { generation } = eventLog;
  const getStatus = createGetStatus({
    store: cellStore,
    snapshot,
    clock,
    watermarkMs,
    partitions,
    generation,
    tally,
    startMs,
    version: deps.version ?? "",
  });
  return {
    routes: (router) => void router.service(StatusService, { getStatus }),
    async start() {
      tails.start();
      member = await eventLog.join(PROCESSING_GROUP, { assigned, failed }, { maxBatchBytes: BATCH_BYTES });
      expiring = setInterval(() => void expireClaims(), EXPIRE_CLAIMS_MS).unref();
      retention.start();
    },
    async drain() {
      clearInterval(expiring);
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

function observePartitions(meter: Meter, partitions: ReadonlyMap<number, Partition>, budget: MemoryBudget): void {
  const lag = meter.createObservableGauge("millrace_processing_lag_records", {
    description: "Records of the partition that are not folded yet.",
  });
  const behind = meter.createObservableGauge("millrace_processing_uncommitted_records", {
    description: "Records that are folded and not committed yet; a restart folds them again.",
  });
  const watermark = meter.createObservableGauge("millrace_processing_watermark_seconds", {
    description: "The moment up to which everything appended is durable, by partition and tier.",
  });
  const memory = meter.createObservableGauge("millrace_processing_block_bytes", {
    description: "Memory held by blocks, roughly.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const [partition, state] of partitions) {
        result.observe(lag, state.endOffset - state.nextOffset, { partition });
        result.observe(behind, state.nextOffset - state.committedOffset, { partition });
        for (const tier of TIERS) result.observe(watermark, state.watermark(tier).timeMs / 1000, { partition, tier });
      }
      result.observe(memory, budget.usedBytes);
    },
    [lag, behind, watermark, memory],
  );
}
