import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type BalanceSheet,
  BalanceSheetSchema,
  type GetStatusRequest,
  type GetStatusResponse,
  GetStatusResponseSchema,
  PartitionStatusSchema,
} from "@millrace/api/millrace/processing/v1/status_service_pb";
import { TIERS, type Tier } from "@millrace/rollup";
import { getPrincipal, projectOf } from "@millrace/runtime";
import { PROCESSING_VERSION } from "../fold/plans.ts";
import { noOutcomes, type OutcomeCounts, type Tally } from "../fold/tally.ts";
import type { Partition } from "../partition.ts";
import { type BalanceDeps, readBalance } from "./balance.ts";
import { mergeStatus } from "./merge-status.ts";
import { askPeers, type PeerAnswers, type StatusPeer } from "./peers.ts";
import { storedWatermarks } from "./stored-watermarks.ts";

/** What the status is read from. */
export type StatusDeps = Omit<BalanceDeps, "watermarkMs"> & {
  readonly partitions: ReadonlyMap<number, Partition>;
  readonly generation: number;
  /** How many partitions the log has. */
  readonly partitionCount: number;
  readonly tally: Tally;
  readonly startMs: number;
  readonly version: string;
  /** Up to when a tier is durable in this processor's partitions, in epoch milliseconds. */
  readonly localWatermarkMs: (tier: Tier) => number;
  /** The other processors; absent: there are none. */
  readonly peers?: () => Promise<readonly StatusPeer[]>;
};

/** StatusService.GetStatus. */
export function createGetStatus(deps: StatusDeps) {
  const processorId = randomUUID();
  return async function getStatus(request: GetStatusRequest, context: HandlerContext) {
    const principal = getPrincipal(context);
    const all = request.projectId === "" && principal.projectId === undefined;
    const projectId = all ? undefined : projectOf(principal, request.projectId);
    if (request.localOnly) return localStatus(projectId, processorId, deps);
    const stored = projectId === undefined ? undefined : await storedBalance(projectId, deps, context.signal);
    const peers = await answersOf(projectId ?? "", deps, context.signal);
    // The processor itself may be among its peers, and a peer may be known by two addresses.
    const answers = new Map(peers.answers.map((answer) => [answer.processorId, answer]));
    answers.set(processorId, localStatus(projectId, processorId, deps));
    const merged = mergeStatus([...answers.values()], stored, deps.partitionCount);
    return create(GetStatusResponseSchema, {
      ...merged,
      unansweredProcessors: [...peers.unanswered],
      startTime: timestampFromMs(deps.startMs),
      version: deps.version,
      processorId,
    });
  };
}

/** What this processor alone knows. Of a project that is only what is in flight here. */
function localStatus(projectId: string | undefined, processorId: string, deps: StatusDeps): GetStatusResponse {
  const counts = projectId === undefined ? deps.tally.total : noOutcomes();
  return create(GetStatusResponseSchema, {
    // Partitions are no project's business, but how far they are is no secret either: no name of another is in it.
    partitions: [...deps.partitions.values()]
      .sort((a, b) => a.number - b.number)
      .map((one) => statusOf(one, processorId, deps)),
    balance: balanceOf(counts, inFlight(projectId, deps.partitions)),
    processingVersion: PROCESSING_VERSION,
    startTime: timestampFromMs(deps.startMs),
    version: deps.version,
    processorId,
    processorCount: 1,
  });
}

/** The stored outcomes of a project, before what is in flight: an event that is stored meanwhile is not counted twice. */
async function storedBalance(projectId: string, deps: StatusDeps, signal: AbortSignal): Promise<BalanceSheet> {
  const { store, generation, partitionCount } = deps;
  // The own partitions are known best; those of others by what they have written.
  const watermarkMs =
    deps.peers === undefined
      ? async (tier: Tier) => deps.localWatermarkMs(tier)
      : await storedWatermarks(store, { generation, partitionCount }, signal);
  return balanceOf(await readBalance(projectId, { ...deps, watermarkMs }, signal), 0);
}

function answersOf(projectId: string, { peers }: StatusDeps, signal: AbortSignal): Promise<PeerAnswers> {
  return peers === undefined ? Promise.resolve({ answers: [], unanswered: [] }) : askPeers(peers, projectId, signal);
}

function inFlight(projectId: string | undefined, partitions: ReadonlyMap<number, Partition>): number {
  // The totals of the process count what is folded, stored or not.
  if (projectId === undefined) return 0;
  let sum = 0;
  for (const partition of partitions.values()) sum += partition.inFlight.count(projectId);
  return sum;
}

function balanceOf(counts: OutcomeCounts, waiting: number): BalanceSheet {
  const { folded, bot, duplicate, late, dead_lettered: deadLettered } = counts;
  return create(BalanceSheetSchema, {
    acceptedCount: BigInt(folded + bot + duplicate + late + deadLettered + waiting),
    foldedCount: BigInt(folded + bot),
    duplicateCount: BigInt(duplicate),
    lateCount: BigInt(late),
    deadLetteredCount: BigInt(deadLettered),
    inFlightCount: BigInt(waiting),
    botCount: BigInt(bot),
  });
}

function statusOf(partition: Partition, processorId: string, deps: StatusDeps) {
  const behind = partition.nextOffset < partition.endOffset;
  const lagMs = behind && partition.lastAppendMs > 0 ? Math.max(0, deps.clock.now() - partition.lastAppendMs) : 0;
  return create(PartitionStatusSchema, {
    generation: deps.generation,
    partition: partition.number,
    endOffset: BigInt(partition.endOffset),
    nextOffset: BigInt(partition.nextOffset),
    committedOffset: BigInt(partition.committedOffset),
    lag: durationFromMs(lagMs),
    watermarks: TIERS.map((tier) => {
      const { offset, timeMs } = partition.watermark(tier);
      return { tier, offset: BigInt(offset), ...(timeMs > 0 && { time: timestampFromMs(timeMs) }) };
    }),
    stalled: partition.stalledBecause,
    processorId,
  });
}
