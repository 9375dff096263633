import { toJson } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type BalanceSheet,
  type GetStatusResponse,
  GetStatusResponseSchema,
  type PartitionStatus,
  StatusService,
} from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Command } from "commander";
import { formatOf } from "../output/format.ts";
import { elapsed, grouped } from "../output/number-text.ts";
import { partitionsText } from "../output/partitions-text.ts";
import { print } from "../output/print.ts";
import type { TableColumn } from "../output/table.ts";
import { printable } from "../output/text-width.ts";
import { printThing, printThings } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { connectionOf } from "./options.ts";

const NOTES = `
Examples:
  millrace status
  millrace status --project shop --output json
Without --project the balance sheet is of all projects, the sum over the processors that answered, each since it
started. With --output csv it is the partitions.`;

/** `millrace status`. */
export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("Show how far counting is, and where every event is.")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (_: unknown, command: Command) => {
      const connection = connectionOf(command);
      const projectId = connection.namedProject;
      const status = await connection.client(StatusService, "ask").getStatus({ projectId });
      const format = formatOf(command);
      if (format === "csv") return printThings(format, { ...partitionTable(status.partitions), documents: [] });
      if (format !== "table")
        return printThing(format, { values: [], document: toJson(GetStatusResponseSchema, status) });
      print(headingOf(projectId, status));
      if (status.balance !== undefined) printBalance(status.balance);
      print("");
      printThings(format, { ...partitionTable(status.partitions), documents: [] });
      for (const line of unansweredLines(status)) print(line);
      print(`\nRunning since ${utcText(status.startTime)}, processing version ${status.processingVersion}.`);
    });
}

function headingOf(projectId: string, { processorCount }: GetStatusResponse): string {
  if (projectId !== "") return `Events of project ${projectId}`;
  if (processorCount <= 1) return "Events, of all projects since the start";
  return `Events, of all projects, as ${processorCount} processors counted them since each started`;
}

/** What is missing of the answer. */
function unansweredLines({ unansweredPartitions, unansweredProcessors }: GetStatusResponse): readonly string[] {
  const lines = unansweredProcessors.map(
    ({ address, problem }) => `No answer from ${address === "" ? "other processors" : address}: ${printable(problem)}`,
  );
  if (unansweredPartitions.length > 0) {
    lines.push(`No processor answers for ${partitionsText(unansweredPartitions)}.`);
  }
  return lines;
}

function printBalance(balance: BalanceSheet): void {
  const counts: [string, bigint, string][] = [
    ["accepted", balance.acceptedCount, ""],
    ["counted", balance.foldedCount, balance.botCount > 0n ? `of these by bots: ${grouped(balance.botCount)}` : ""],
    ["duplicate", balance.duplicateCount, ""],
    ["late", balance.lateCount, balance.lateCount > 0n ? "kept, not counted; old events need send --import" : ""],
    ["dead letters", balance.deadLetteredCount, ""],
    ["in flight", balance.inFlightCount, ""],
  ];
  const width = Math.max(...counts.map(([, count]) => grouped(count).length));
  for (const [label, count, note] of counts) {
    print(`  ${label.padEnd(12)}  ${grouped(count).padStart(width)}${note === "" ? "" : `  ${note}`}`);
  }
}

function partitionTable(partitions: readonly PartitionStatus[]) {
  const tiers = [...new Set(partitions.flatMap(({ watermarks }) => watermarks.map(({ tier }) => tier)))];
  const processors = new Set(partitions.map(({ processorId }) => processorId));
  const columns: TableColumn[] = [
    { title: "partition" },
    // Which of the processors has it matters where there are several.
    ...(processors.size > 1 ? [{ title: "processor" }] : []),
    ...["records", "counted", "stored", "lag", ...tiers].map((title) => ({ title, align: "right" as const })),
    { title: "" },
  ];
  const rows = partitions.map((each) => [
    `${each.generation}:${each.partition}`,
    ...(processors.size > 1 ? [each.processorId.slice(0, 8)] : []),
    grouped(each.endOffset),
    grouped(each.nextOffset),
    grouped(each.committedOffset),
    each.lag === undefined || durationMs(each.lag) === 0 ? "-" : elapsed(durationMs(each.lag)),
    ...tiers.map((tier) => grouped(each.watermarks.find((mark) => mark.tier === tier)?.offset ?? 0n)),
    each.stalled === "" ? "" : `stands still: ${each.stalled}`,
  ]);
  return { columns, rows, none: "No processor owns a partition." };
}
