import { toJson } from "@bufbuild/protobuf";
import { type BalanceSheet, BalanceSheetSchema } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { elapsed, grouped } from "../output/number-text.ts";
import { printable } from "../output/text-width.ts";
import type { Tally } from "./tally.ts";

/** The end of sending a file. */
export type Outcome = {
  readonly tally: Tally;
  readonly project: string;
  readonly ms: number;
  readonly ending: keyof typeof ENDINGS;
  /** The project's balance sheet after waiting; undefined when nobody waited. */
  readonly balance: BalanceSheet | undefined;
  /** Whether the next run may leave out what this one has settled. */
  readonly canResume?: boolean;
};

const ENDINGS = { done: "Done.", interrupted: "Interrupted.", failed: "Failed." } as const;

const MESSAGE_CHARS_MAX = 160;

/** What became of every row, for people. */
export function summarize({ tally, project, ms, ending, balance, canResume }: Outcome): string {
  const counts: [string, string][] = [
    ...(tally.resumed > 0
      ? [["resumed", `${grouped(tally.resumed)} (sent by an earlier run)`] as [string, string]]
      : []),
    ["read", `${grouped(tally.read)} rows`],
    ["accepted", grouped(tally.accepted)],
    ["duplicate", `${grouped(tally.duplicate)}${tally.duplicate > 0 ? " (accepted before; not counted again)" : ""}`],
    ["rejected", grouped(tally.rejected)],
  ];
  if (tally.unsettled > 0)
    counts.push(["unsent", `${grouped(tally.unsettled)} (sent again when the command is run again)`]);
  if (tally.retried > 0) counts.push(["retried", grouped(tally.retried)]);
  const settled = tally.accepted + tally.duplicate;
  counts.push(["time", `${elapsed(ms)}, ${grouped((settled / Math.max(1, ms)) * 1_000)} events/s`]);
  const width = Math.max(...counts.map(([, value]) => /^[\d,]*/.exec(value)![0].length));
  const lines = [`${ENDINGS[ending]}${project === "" ? "" : ` Project ${project}:`}`];
  for (const [label, value] of counts) {
    const digits = /^[\d,]*/.exec(value)![0];
    lines.push(
      `  ${label.padEnd(10)}${label === "time" ? value : value.padStart(width + value.length - digits.length)}`,
    );
  }
  lines.push(...describeRejected(tally));
  if (tally.old > 0) lines.push(oldText(tally.old));
  if (balance !== undefined) lines.push(balanceText(balance));
  else if (tally.duplicate > 0 && tally.accepted > 0) {
    lines.push("More of those accepted may be found to be duplicates when they are counted: millrace status");
  }
  if (ending !== "done") {
    lines.push(
      canResume === true
        ? "The same command with --resume goes on from here; nothing is counted twice."
        : "Run the same command again to go on; nothing is counted twice.",
    );
  }
  return lines.join("\n");
}

/** The same for machines. */
export function summaryDocument({ tally, project, ms, ending, balance }: Outcome) {
  return {
    project,
    resumed: tally.resumed,
    read: tally.read,
    accepted: tally.accepted,
    duplicate: tally.duplicate,
    rejected: tally.rejected,
    unsent: tally.unsettled,
    retried: tally.retried,
    rejectedByReason: Object.fromEntries(tally.rejectedByReason),
    rejectedExamples: tally.examples,
    seconds: Math.round(ms) / 1_000,
    ending,
    ...(balance !== undefined && { balance: toJson(BalanceSheetSchema, balance) }),
  };
}

function oldText(count: number): string {
  return `${grouped(count)} rows are older than 48 hours: what is older than the project's late window does not count without --import.`;
}

function balanceText(balance: BalanceSheet): string {
  const { foldedCount, duplicateCount, lateCount, deadLetteredCount } = balance;
  const parts = [
    `${grouped(foldedCount)} counted`,
    `${grouped(duplicateCount)} duplicate`,
    `${grouped(lateCount)} late`,
  ];
  if (deadLetteredCount > 0n) parts.push(`${grouped(deadLetteredCount)} dead letters`);
  return `The project's events in all: ${parts.join(", ")}.`;
}

function describeRejected(tally: Tally): string[] {
  if (tally.rejected === 0) return [];
  const lines = ["Rejected:"];
  for (const [reason, count] of tally.rejectedByReason) lines.push(`  ${grouped(count)} ${reason}`);
  lines.push(tally.rejected > tally.examples.length ? `The first ${tally.examples.length}:` : "They are:");
  for (const { line, reason, message } of tally.examples.toSorted((a, b) => a.line - b.line)) {
    const text = message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}…` : message;
    lines.push(`  line ${line}: ${printable(text)} (${reason})`);
  }
  return lines;
}
