import { durationMs } from "@bufbuild/protobuf/wkt";
import { ConnectError, createClient } from "@connectrpc/connect";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { type GetStatusResponse, StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Connection } from "../connection.ts";
import { grouped } from "../output/number-text.ts";
import { partitionsText } from "../output/partitions-text.ts";
import { roughly } from "../send/pace.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const PATIENCE_MS = 5_000;
const LAG_WARN_MS = 60_000;
const LETTERS_MAX = 1_000;

/** How many dead letters wait to be redriven: all, or the first of them. */
type WaitingLetters = { readonly count: number; readonly hasMore: boolean };

/** Asks the server how counting goes, and of which release it is. */
export async function checkProcessing(
  connection: Connection,
  key: string,
  ownVersion: string,
): Promise<readonly Check[]> {
  let status: GetStatusResponse;
  try {
    const client = createClient(StatusService, connection.transport(key));
    status = await client.getStatus({}, { timeoutMs: PATIENCE_MS });
  } catch (error) {
    const why = error instanceof ConnectError ? error.rawMessage : String(error);
    return [problem("counting", `its state can not be read: ${why}`, "Look at the server's log.")];
  }
  const letters = await waitingLetters(connection, key);
  return [versionCheck(status.version, ownVersion), ...countingChecks(status, letters)];
}

/** The dead letters that were not redriven; undefined where the server does not say. */
async function waitingLetters(connection: Connection, key: string): Promise<WaitingLetters | undefined> {
  try {
    const client = createClient(DeadLetterService, connection.transport(key));
    const page = await client.listDeadLetters({ pageSize: LETTERS_MAX }, { timeoutMs: PATIENCE_MS });
    return { count: page.deadLetters.length, hasMore: page.nextPageToken !== "" };
  } catch {
    return undefined;
  }
}

/** Whether the command line and the server are of one release. */
export function versionCheck(server: string, own: string): Check {
  if (server === "") {
    return warning(
      "version",
      `command line ${own}; the server does not say its own`,
      "It is an older one: restart it from this checkout.",
    );
  }
  if (server === own) return ok("version", `command line and server ${own}`);
  return warning("version", `command line ${own}, server ${server}`, "Use the command line of the server's release.");
}

/** What the state of processing means. */
export function countingChecks(status: GetStatusResponse, letters?: WaitingLetters): readonly Check[] {
  const { partitions, balance, processorCount } = status;
  const checks: Check[] = [...unansweredChecks(status)];
  const stalled = partitions.filter((each) => each.stalled !== "");
  for (const { partition, stalled: why } of stalled) {
    checks.push(
      problem(
        "counting",
        `partition ${partition} stands still: ${why}`,
        "Look at the server's log for this partition.",
      ),
    );
  }
  const lagMs = Math.max(0, ...partitions.map(({ lag }) => (lag === undefined ? 0 : durationMs(lag))));
  if (lagMs > LAG_WARN_MS) {
    const text = `it is ${roughly(lagMs)} behind`;
    checks.push(
      warning("counting", text, "millrace status shows whether it catches up; answers say as of when they are."),
    );
  }
  const dead = letters?.count ?? Number(balance?.deadLetteredCount ?? 0n);
  if (dead > 0) {
    checks.push(
      warning(
        "counting",
        `${grouped(dead)}${letters?.hasMore ? " or more" : ""} events could not be counted (dead letters)`,
        "millrace dead-letters list says why; once that is gone, millrace dead-letters redrive counts them.",
      ),
    );
  }
  if (checks.length > 0) return checks;
  const counted = balance === undefined ? "" : `, ${grouped(balance.foldedCount)} events counted since it started`;
  const where = processorCount > 1 ? ` of ${processorCount} processors` : "";
  return [ok("counting", `up to date in ${partitions.length} partitions${where}${counted}`)];
}

/** What nobody answers for. */
function unansweredChecks({ unansweredPartitions, unansweredProcessors }: GetStatusResponse): readonly Check[] {
  const checks = unansweredProcessors.map(({ address, problem: why }) =>
    warning(
      "counting",
      `the processor ${address === "" ? "list" : address} can not be asked: ${why}`,
      "Look whether it runs, and whether the other processors reach it.",
    ),
  );
  if (unansweredPartitions.length > 0) {
    const text = `no processor answers for ${partitionsText(unansweredPartitions)}`;
    checks.push(
      problem("counting", text, "Events there wait in the log. Start processors, or look why they do not join."),
    );
  }
  return checks;
}
