import { readFileSync } from "node:fs";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { type BalanceSheet, StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { Failure } from "@millrace/failure";
import type { Connection } from "../connection.ts";
import { FROM_CREDENTIALS } from "../context/target.ts";
import { parseDuration } from "../duration.ts";
import type { Format as OutputFormat } from "../output/format.ts";
import { printJson } from "../output/print.ts";
import { typable } from "../terminal/invocation.ts";
import { EXIT_INTERRUPTED, stopAtSignals } from "../terminal/stop-at-signals.ts";
import { zoneNamed } from "../zoned-time.ts";
import { packBatches } from "./batches.ts";
import { Checkpoint } from "./checkpoint.ts";
import { readCombinedLog } from "./combined-log.ts";
import { readCsv } from "./csv.ts";
import { createEventMaker } from "./event-maker.ts";
import { ensureImportKey } from "./import-key.ts";
import { chooseRules, parseMappingFile, parseRule, type Rule } from "./mapping.ts";
import { readNdjson } from "./ndjson.ts";
import { showProgress } from "./progress.ts";
import { resumeStateOf } from "./resume-state.ts";
import type { Format, RowSource } from "./row.ts";
import { sendBatches } from "./sender.ts";
import { openSource, type Source } from "./source.ts";
import { summarize, summaryDocument } from "./summary.ts";
import { Tally } from "./tally.ts";
import { waitUntilCounted } from "./wait-until-counted.ts";

/** The options of sending a file. */
export type FileOptions = {
  readonly file: string;
  readonly format?: Format;
  readonly map?: readonly string[];
  readonly mapping?: string;
  readonly delimiter: string;
  readonly text?: readonly string[];
  readonly timeZone: string;
  readonly import?: boolean;
  readonly skip: number;
  readonly limit?: number;
  readonly resume?: boolean;
  readonly idSeed: string;
  readonly giveUpAfter?: string;
  readonly strict?: boolean;
  readonly wait?: boolean;
  readonly output?: OutputFormat;
};

/** The late window that projects have unless they say otherwise. */
const LATE_AFTER_S = 48 * 3_600;

/**
 * Sends a file, and says what became of its rows. Ctrl-C ends the reading and lets what is in flight settle; a second one
 * ends everything.
 */
export async function sendFile(connection: Connection, options: FileOptions): Promise<void> {
  const format = options.format ?? formatOf(options.file);
  const rules = chooseRules(rulesGiven(options), format);
  const zone = zoneNamed(options.timeZone);
  const giveUpAfterMs = parseDuration(options.giveUpAfter ?? "10m");
  const source = await openSource(options.file);
  if (options.import === true) await ensureImportKey(connection);
  const client = connection.client(IngestService, options.import === true ? "import" : "send");
  const rowSource = await openRows(source, format, options.delimiter);
  const textColumns = new Set(options.text ?? []);
  checkColumns(textColumns, rowSource.columns);
  const checkpoint = openCheckpoint(options, { format, rules, connection });

  const { stop, isInterrupted } = stopAtSignals();
  stop.signal.addEventListener("abort", source.close);
  const tally = new Tally();
  const startedAt = performance.now();
  const oldBefore = options.import === true ? Number.NEGATIVE_INFINITY : Date.now() / 1_000 - LATE_AFTER_S;
  const progress = showProgress(source, tally);
  checkpoint.follow(source);
  const batches = packBatches(rowSource.rows, {
    maker: (row) =>
      createEventMaker({ rules, columns: rowSource.columns, textColumns, zone, idSeed: options.idSeed }, row),
    selection: {
      skip: options.skip,
      limit: options.limit ?? Number.POSITIVE_INFINITY,
      resumeAt: checkpoint.resumeAt,
      oldBefore,
    },
    tally,
    stop: stop.signal,
  });
  let failure: unknown;
  try {
    const { settled } = checkpoint;
    await sendBatches(batches, { client, tally, giveUpAfterMs, stop, onWait: progress.waiting, settled });
  } catch (error) {
    failure = error;
  }
  progress.stop();
  source.close();
  const ending =
    failure !== undefined ? ("failed" as const) : isInterrupted() ? ("interrupted" as const) : ("done" as const);
  checkpoint.end(ending === "done");
  // A wrong mapping shows at the first row: there is nothing to sum up yet.
  if (failure !== undefined && tally.accepted + tally.duplicate + tally.rejected === 0) throw failure;
  const ms = performance.now() - startedAt;
  const waits = options.wait === true && ending === "done";
  const balance = waits ? await wait(connection, stop.signal) : undefined;
  const outcome = { tally, project: connection.project, ms, ending, balance, canResume: checkpoint.canResume };
  if (options.output !== undefined && options.output !== "table") printJson(summaryDocument(outcome), options.output);
  else process.stdout.write(`${typable(summarize(outcome))}\n`);
  if (failure !== undefined) throw failure;
  if (isInterrupted()) process.exitCode = EXIT_INTERRUPTED;
  else if (tally.rejected > 0 && (options.strict === true || tally.rejected === tally.read)) process.exitCode = 1;
}

/** Where this sending is remembered, and where it begins. */
function openCheckpoint(
  options: FileOptions,
  { format, rules, connection }: { format: Format; rules: readonly Rule[] | undefined; connection: Connection },
): Checkpoint {
  const { delimiter, text, timeZone, idSeed, skip, limit } = options;
  const isImport = options.import === true;
  const what = { format, rules, delimiter, text, timeZone, idSeed, skip, limit, isImport };
  const { credentialsPath, target, project } = connection;
  // A local server may come back at another port, with the same data.
  const whither = { server: target.urlFrom === FROM_CREDENTIALS ? credentialsPath : target.url, project };
  const state = resumeStateOf(options.file, { what, whither }, { credentialsPath, environment: process.env });
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  return new Checkpoint(state, { resume: options.resume === true, say, now: Date.now });
}

async function wait(connection: Connection, signal: AbortSignal): Promise<BalanceSheet | undefined> {
  const isTerminal = process.stderr.isTTY === true;
  const show = (text: string) => void process.stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
  const client = connection.client(StatusService, "ask");
  const balance = await waitUntilCounted(client, { project: connection.project, signal, show });
  if (isTerminal) process.stderr.write("\r\x1b[K");
  return balance;
}

async function openRows(source: Source, format: Format, delimiter: string): Promise<RowSource> {
  switch (format) {
    case "ndjson":
      return readNdjson(source.bytes);
    case "combined":
      return readCombinedLog(source.bytes);
    case "csv":
      return readCsv(source.bytes, delimiter === "\\t" ? "\t" : delimiter);
  }
}

function formatOf(path: string): Format {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (/\.(csv|tsv)$/.test(name)) return "csv";
  if (/\.(ndjson|jsonl|json)$/.test(name)) return "ndjson";
  const message = `${path}: say with --format whether it is ndjson, csv or combined (an access log)`;
  throw new Failure("invalid", "FIELD_INVALID", message);
}

function rulesGiven(options: FileOptions): readonly Rule[] {
  const rules = (options.map ?? []).map(parseRule);
  if (options.mapping === undefined) return rules;
  let text: string;
  try {
    text = readFileSync(options.mapping, "utf8");
  } catch (cause) {
    throw new Failure("invalid", "FIELD_INVALID", `${options.mapping} can not be read`, { cause });
  }
  return [...parseMappingFile(text, options.mapping), ...rules];
}

function checkColumns(names: ReadonlySet<string>, columns: readonly string[] | undefined): void {
  for (const name of names) {
    if (columns !== undefined && !columns.includes(name)) {
      throw new Failure(
        "invalid",
        "FIELD_INVALID",
        `--text ${name}: the file has no such column (${columns.join(", ")})`,
      );
    }
  }
}
