import { createInterface } from "node:readline/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type {
  DeadLetterService,
  RedriveDeadLettersRequestSchema,
  RedriveDeadLettersResponse,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { Failure } from "@millrace/failure";
import { grouped } from "../output/number-text.ts";
import { progressLine } from "./redrive-summary.ts";

/** What is to be redriven. */
export type RedriveInit = MessageInitShape<typeof RedriveDeadLettersRequestSchema>;

const LINE_INTERVAL_MS = 5_000;

/**
 * Redrives, or only looks, and gives the last answer. Progress goes to standard error: on a terminal one line that
 * changes, else a line every five seconds.
 *
 * @throws ConnectError when the server refuses, or goes away; Failure `unavailable` when it ends without an end
 */
export async function redrive(
  client: Client<typeof DeadLetterService>,
  request: RedriveInit,
  signal: AbortSignal,
): Promise<RedriveDeadLettersResponse> {
  const isTerminal = process.stderr.isTTY === true;
  let toldMs = performance.now();
  let last: RedriveDeadLettersResponse | undefined;
  try {
    for await (const answer of client.redriveDeadLetters(request, { signal })) {
      last = answer;
      if (answer.done || request.validateOnly) continue;
      if (isTerminal) process.stderr.write(`\r\x1b[K${progressLine(answer)}`);
      else if (performance.now() - toldMs >= LINE_INTERVAL_MS) {
        toldMs = performance.now();
        process.stderr.write(`${progressLine(answer)}\n`);
      }
    }
  } finally {
    if (isTerminal) process.stderr.write("\r\x1b[K");
    if (last?.done === false && !request.validateOnly) {
      process.stderr.write(`${progressLine(last)} so far; the same command goes on with the rest\n`);
    }
  }
  if (last?.done === true) return last;
  throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the server ended before everything was redriven");
}

/**
 * Asks on the terminal whether to redrive.
 *
 * @throws Failure `invalid` where there is no terminal to ask on
 */
export async function confirmed({ redrivenCount, eventCount }: RedriveDeadLettersResponse): Promise<boolean> {
  const events = eventCount === redrivenCount ? "" : ` with ${grouped(eventCount)} events`;
  const question = `Append ${grouped(redrivenCount)} dead letters${events} to the log again? [y/N] `;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw Failure.invalidField("--yes", "is needed where nobody can be asked; --dry-run only looks");
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}
