import { Failure } from "@millrace/failure";
import { type Command, Option } from "commander";
import { formatOf } from "../output/format.ts";
import { FORMATS } from "../send/row.ts";
import type { EventOptions } from "../send/send-event.ts";
import type { FileOptions } from "../send/send-file.ts";
import { collect, connectionOf, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace send page_view --user ada --prop url=https://example.org/ --prop load_ms=120
  millrace send --file events.ndjson
  zcat shop.csv.gz | millrace send --file - --format csv --map "name='order'" --map time=InvoiceDate \\
      --map user_id=CustomerID --map product=Description --map revenue=Quantity*UnitPrice --import
  millrace send --file access.log --format combined
  millrace send --file big.ndjson.gz --import --resume
  tail -F app.ndjson | millrace send --file - --format ndjson

Files: NDJSON, CSV with a header row, or access logs of Apache and nginx; gzip
  is recognised. A file is streamed.
  Without --map, keys and columns are what their names say: event_id, name
  (event_type), time (timestamp), user_id, anonymous_id, session_id,
  properties; every other one is a property. Access logs become page_view
  events with url, referrer, user_agent, method, status, bytes; their column
  visitor is a hash of ip and user_agent, so that the address itself (column
  ip) is never sent unless it is mapped.
  With --map, only what is mapped is sent. FIELD is name, time, user_id,
  anonymous_id, session_id, event_id, or a property's key (properties.KEY where
  it is also the name of a field). EXPR is a column or key (a.b goes into
  objects, "in double quotes" where it has a * or quote), 'text', a number, or
  a product A*B. FIELD?=EXPR: fine without it.
  Empty cells and nulls are absent. Plain decimals of CSV become numbers in
  properties, unless --text names the column.
  Times: ISO 8601, seconds or milliseconds since 1970, or as in access logs;
  without an offset they are in --time-zone.

Nothing is counted twice: events without an id of their own get one made from
what the record says and where it stands in the file. So a file that was
interrupted is simply sent again; --resume leaves out what had arrived, which
is only faster: where that ended is kept beside the credentials, for this file,
this mapping and this server. To send one file under two mappings, give the
second an --id-seed. Rows without a time of their own are only recognised for
24 hours.

Events older than the project's late window (48 hours by default) are kept but
not counted: the server finds that out after accepting them, and "millrace
status" counts them as late. For such files use --import, which needs a key
with the scope import; where the administrator's key is known, one is made and
kept in the credentials file.

What comes slowly is sent within about a second. Ctrl-C stops reading, lets
what is on its way arrive, and sums up.

Exit codes: 1 rows were rejected and --strict was given, or no row was accepted
at all; 3 the server stayed away for longer than --give-up-after; 130
interrupted.`;

type SendOptions = Omit<FileOptions, "file"> & EventOptions & { readonly file?: string };

/** `millrace send`. */
export function addSendCommand(program: Command): void {
  program
    .command("send")
    .argument("[name]", "the event's name, such as page_view; not with --file")
    .description("Send one event, or a file of events.")
    .option("--user <id>", "the signed-in user")
    .option("--anonymous <id>", "the device or browser")
    .option("--session <id>", "the visit")
    .option("--time <time>", "when it happened (default: now)")
    .option("--id <id>", "the event's id (default: a random one)")
    .option("--prop <key=value>", "a property; numbers, true and false are typed unless quoted", collect)
    .option("--prop-text <key=value>", "a property that is text", collect)
    .option("-f, --file <path>", "the file to send; - for standard input")
    .addOption(new Option("--format <format>", "how it is written (default: by the file's name)").choices(FORMATS))
    .option("--map <field=expr>", "where a field comes from; may be repeated", collect)
    .option("--mapping <file>", "a JSON file of such mappings: {FIELD: EXPR}")
    .option("--delimiter <character>", "between cells of CSV; \\t for tabs", ",")
    .option("--text <column>", "a column of CSV that stays text; may be repeated", collect)
    .option("--time-zone <zone>", "of times without an offset", "UTC")
    .option("--import", "events of any age")
    .option("--skip <n>", "leave out the first n records", whole, 0)
    .option("--limit <n>", "read at most n records", whole)
    .option("--resume", "go on where an interrupted run of this file ended")
    .option("--id-seed <text>", "makes other event ids of the same file", "")
    .option("--give-up-after <duration>", "how long to try when the server is away (default: 10m; one event: 10s)")
    .option("--strict", "exit with 1 when a row was rejected")
    .option("--wait", "wait until everything is counted")
    .option("--json", "short for --output json: the summary")
    .addHelpText("after", NOTES)
    .action(async (name: string | undefined, options: SendOptions, command: Command) => {
      const connection = connectionOf(command);
      const output = formatOf(command, ["table", "json", "ndjson"]);
      if (options.file !== undefined) {
        if (name !== undefined) throw wrong(`give a name or --file, not both; with a file: --map "name='${name}'"`);
        // What reads files is loaded where there is one.
        const { sendFile } = await import("../send/send-file.ts");
        await sendFile(connection, { ...options, output, file: options.file });
      } else {
        if (name === undefined) throw wrong("give an event's name, or --file");
        const { sendEvent } = await import("../send/send-event.ts");
        await sendEvent(connection, name, { ...options, output });
      }
    });
}

function wrong(message: string): Failure {
  return new Failure("invalid", "FIELD_INVALID", message);
}
