import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type BalanceSheet,
  BalanceSheetSchema,
  type GetStatusRequest,
  GetStatusResponseSchema,
  PartitionStatusSchema,
} from "@millrace/api/millrace/processing/v1/status_service_pb";
import { TIERS } from "@millrace/rollup";
import { getPrincipal, projectOf } from "@millrace/runtime";
import { PROCESSING_VERSION } from "../fold/plans.ts";
import type { OutcomeCounts, Tally } from "../fold/tally.ts";
import type { Partition } from "../partition.ts";
import { type BalanceDeps, readBalance } from "./balance.ts";

/** What the status is read from. */
export type StatusDeps = BalanceDeps & {
  readonly partitions: ReadonlyMap<number, Partition>;
  readonly generation: number;
  readonly tally: Tally;
  readonly startMs: number;
  readonly version: string;
};

/** StatusService.GetStatus. */
export function createGetStatus(deps: StatusDeps) {
  return async function getStatus(request: GetStatusRequest, context: HandlerContext) {
    const principal = getPrincipal(context);
    const all = request.projectId === "" && principal.projectId === undefined;
    const projectId = all ? undefined : projectOf(principal, request.projectId);
    const counts = projectId === undefined ? deps.tally.total : await readBalance(projectId, deps, context.signal);
    return create(GetStatusResponseSchema, {
      // Partitions are no project's business, but how far they are is no secret either: no name of another is in it.
      partitions: [...deps.partitions.values()].sort((a, b) => a.number - b.number).map((one) => statusOf(one, deps)),
      balance: balanceOf(counts, inFlight(projectId, deps.partitions)),
      processingVersion: PROCESSING_VERSION,
      startTime: timestampFromMs(deps.startMs),
      version: deps.version,
    });
  };
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

function statusOf(partition: Partition, deps: StatusDeps) {
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
  });
}
