import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import type {
  BalanceSheet,
  GetStatusResponse,
  StatusService,
} from "@millrace/api/millrace/processing/v1/status_service_pb";
import { grouped } from "../output/number-text.ts";
import { isPassing } from "./retry.ts";

const POLL_MS = 500;

/**
 * Waits until everything that is in the log now is in durable blocks of every tier: coarse tiers take up to a minute.
 *
 * @param show is told how far it is, when that changes
 * @returns the balance sheet then; undefined when it was not waited for
 */
export async function waitUntilCounted(
  client: Client<typeof StatusService>,
  options: { readonly project: string; readonly signal: AbortSignal; readonly show: (text: string) => void },
): Promise<BalanceSheet | undefined> {
  const request = { projectId: options.project };
  const first = await client.getStatus(request);
  const targets = new Map(
    first.partitions.map(({ generation, partition, endOffset }) => [`${generation}:${partition}`, endOffset]),
  );
  let shown: string | undefined;
  let state = first;
  while (!options.signal.aborted) {
    const missing = missingIn(state, targets);
    if (missing === undefined) return state.balance;
    if (missing !== shown) options.show(missing);
    shown = missing;
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined);
    try {
      state = await client.getStatus(request);
    } catch (error) {
      if (!isPassing(error)) throw error;
      options.show(`waiting: ${error.rawMessage}`);
    }
  }
  return undefined;
}

/** What is not counted yet, for people; undefined when all of it is. */
function missingIn(state: GetStatusResponse, targets: ReadonlyMap<string, bigint>): string | undefined {
  let records = 0n;
  let stalled = "";
  const tiers = new Set<string>();
  for (const status of state.partitions) {
    const target = targets.get(`${status.generation}:${status.partition}`) ?? 0n;
    if (status.nextOffset < target) records += target - status.nextOffset;
    if (status.stalled !== "") stalled = `, partition ${status.partition} stands still: ${status.stalled}`;
    for (const { tier, offset } of status.watermarks) if (offset < target) tiers.add(tier);
  }
  if (records > 0n) return `counting: ${grouped(records)} records of the log to go${stalled}`;
  if (tiers.size > 0) return `storing: ${[...tiers].join(", ")} to go${stalled}`;
  return undefined;
}
