import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import type { BalanceSheet } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { expect } from "vitest";
import type { Installation } from "../installation.ts";
import { ask, Granularity, lastDays } from "./answers.ts";
import { decimal } from "./decimal.ts";
import type { Producer, Total } from "./producer.ts";
import { createProject } from "./projects.ts";

/** What somebody sent to a project of ticks, by its own account. */
export type SentTicks = Pick<Producer, "name" | "account" | "sum" | "minutes">;

/** Makes a project that counts what producers send, over all partitions; gives its key. */
export function createTicks(millrace: Installation, projectId: string): Promise<string> {
  return createProject(millrace, {
    project: { projectId, spread: 4 },
    metrics: [
      { name: "ticks", aggregation: Aggregation.COUNT },
      { name: "amount", aggregation: Aggregation.SUM, property: "amount" },
    ],
    rollups: [{ name: "producers", metrics: ["ticks", "amount"], dimensions: ["producer"] }],
  });
}

/** What is counted of each producer. */
export async function countedTicks(millrace: Installation, projectId: string) {
  const rows = await ask(millrace, {
    projectId,
    metrics: ["ticks", "amount"],
    dimensions: ["producer"],
    timeRange: lastDays(3),
  });
  return new Map(rows.map((row) => [String(row["producer"]), { count: Number(row["ticks"]), sum: row["amount"] }]));
}

/**
 * Expects that every event of the producers, all acknowledged, counts exactly once; gives the balance sheet.
 *
 * @param others how many events of others there are besides
 */
export async function expectExactlyOnce(
  millrace: Installation,
  projectId: string,
  producers: readonly SentTicks[],
  others = 0,
): Promise<BalanceSheet> {
  const sent = producers.reduce((sum, { account }) => sum + account.sent, others);
  const sheet = await millrace.untilCounted(projectId, sent);
  expect(sheet).toMatchObject({ foldedCount: BigInt(sent), lateCount: 0n, deadLetteredCount: 0n, inFlightCount: 0n });
  const counted = await countedTicks(millrace, projectId);
  for (const { name, account, sum } of producers) {
    expect(account.acknowledged).toBe(account.sent);
    expect([name, counted.get(name)]).toEqual([name, { count: account.sent, sum: decimal(sum) }]);
  }
  return sheet;
}

/** Every width that is stored, in minutes. */
const STORED = { "1M": 1, "15M": 15, "1H": 60, "1D": 1440 } as const;
const MINUTE_MS = 60_000;

/**
 * Expects that the answers by every stored granularity have each bucket of the producers' events, no other, and in each the
 * exact count and sum. Gives how many buckets there are, by granularity.
 *
 * @param producers those whose events have times of their own
 */
export async function expectEveryBucket(
  millrace: Installation,
  projectId: string,
  producers: readonly SentTicks[],
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  const names = producers.map((producer) => producer.name);
  for (const [width, minutes] of Object.entries(STORED)) {
    const rows = await ask(millrace, {
      projectId,
      metrics: ["ticks", "amount"],
      dimensions: ["producer"],
      granularity: Granularity[`GRANULARITY_${width as keyof typeof STORED}`],
      timeRange: lastDays(3),
    });
    // A series is whole: where nothing happened it has zeros.
    const found = rows.filter(({ producer, ticks }) => names.includes(String(producer)) && Number(ticks) !== 0);
    const lines = found.map((row) => `${row["time"]} ${row["producer"]}: ${row["ticks"]}, ${row["amount"]}`);
    expect(lines.toSorted()).toEqual(producers.flatMap((producer) => bucketLines(producer, minutes)).toSorted());
    seen[width.toLowerCase()] = lines.length;
  }
  return seen;
}

/** What a producer made in each bucket of a width in minutes, in UTC. */
function bucketLines({ name, minutes }: SentTicks, width: number): string[] {
  const buckets = new Map<number, Total>();
  for (const [minute, { count, sum }] of minutes) {
    const bucket = minute - (minute % (width * MINUTE_MS));
    const total = buckets.get(bucket) ?? { count: 0, sum: 0n };
    buckets.set(bucket, { count: total.count + count, sum: total.sum + sum });
  }
  return [...buckets].map(([startMs, { count, sum }]) => {
    const time = new Date(startMs).toISOString().replace(".000Z", "Z");
    return `${time} ${name}: ${count}, ${decimal(sum)}`;
  });
}

/** One line on what producers went through. */
export function accountLine({ habit, account, answered, failed }: Producer): string {
  const { sent, acknowledged, resent } = account;
  return `  ${habit.name}: ${sent} made, ${acknowledged} acknowledged, ${resent} sent again; ${answered} answers, ${failed} failures\n`;
}
