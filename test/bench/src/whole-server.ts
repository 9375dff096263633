import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Mesh } from "@millrace/harness/mesh";
import type { Millrace } from "@millrace/harness/process";
import { until } from "@millrace/harness/until";

/** The project that a first start makes, on the template web. */
export const PROJECT = "demo";

/** A whole Millrace, as one process or as services. */
export type Asked = Millrace | Mesh;

const STORED_WITHIN_MS = 120_000;

/** Processor time of the server so far, in seconds. */
export async function cpuSeconds(millrace: Millrace): Promise<number> {
  return cpuSecondsIn(await millrace.metrics());
}

/** Processor time of a process so far, in seconds, as its metrics tell it. */
export function cpuSecondsIn(metrics: string): number {
  const modes = [...metrics.matchAll(/^process_cpu_time_seconds_total\S* ([\d.e+-]+)/gm)];
  if (modes.length === 0) throw new Error("the metrics do not tell the processor time");
  return modes.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}

/** Resolves once so many events are folded and every record of the log is stored in the given tiers. */
export async function untilStored(millrace: Asked, events: number, tiers: readonly string[]): Promise<void> {
  const client = millrace.client(StatusService);
  const isStored = async () => {
    const { partitions } = await client.getStatus({ projectId: PROJECT });
    return partitions.every(({ endOffset, watermarks }) =>
      watermarks.every(({ tier, offset }) => !tiers.includes(tier) || offset >= endOffset),
    );
  };
  await until("all is stored", isStored, { withinMs: STORED_WITHIN_MS, everyMs: 50 });
  const { balance } = await client.getStatus({ projectId: PROJECT });
  const counted = Number((balance?.foldedCount ?? 0n) + (balance?.botCount ?? 0n));
  if (counted < events) throw new Error(`only ${counted} of ${events} events are counted`);
}
