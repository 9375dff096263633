import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import type { BalanceSheet } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Millrace } from "@millrace/harness";
import { expect } from "vitest";
import { ask, lastDays } from "./answers.ts";
import { decimal } from "./decimal.ts";
import type { Producer } from "./producer.ts";
import { createProject } from "./projects.ts";

/** Makes a project that counts what producers send, over all partitions; gives its key. */
export function createTicks(millrace: Millrace, projectId: string): Promise<string> {
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
export async function countedTicks(millrace: Millrace, projectId: string) {
  const rows = await ask(millrace, {
    projectId,
    metrics: ["ticks", "amount"],
    dimensions: ["producer"],
    timeRange: lastDays(2),
  });
  return new Map(rows.map((row) => [String(row["producer"]), { count: Number(row["ticks"]), sum: row["amount"] }]));
}

/**
 * Expects that every event of the producers, all acknowledged, counts exactly once; gives the balance sheet.
 *
 * @param others how many events of others there are besides
 */
export async function expectExactlyOnce(
  millrace: Millrace,
  projectId: string,
  producers: readonly Producer[],
  others = 0,
): Promise<BalanceSheet> {
  const sent = producers.reduce((sum, { account }) => sum + account.sent, others);
  const sheet = await millrace.untilCounted(projectId, sent);
  expect(sheet).toMatchObject({ foldedCount: BigInt(sent), lateCount: 0n, deadLetteredCount: 0n, inFlightCount: 0n });
  const counted = await countedTicks(millrace, projectId);
  for (const { habit, account, sum } of producers) {
    expect(account.acknowledged).toBe(account.sent);
    expect([habit.name, counted.get(habit.name)]).toEqual([habit.name, { count: account.sent, sum: decimal(sum) }]);
  }
  return sheet;
}

/** One line on what producers went through. */
export function accountLine({ habit, account, answered, failed }: Producer): string {
  const { sent, acknowledged, resent } = account;
  return `  ${habit.name}: ${sent} made, ${acknowledged} acknowledged, ${resent} sent again; ${answered} answers, ${failed} failures\n`;
}
