import { SessionService } from "@millrace/api/millrace/dashboard/v1/session_service_pb";
import type { Command } from "commander";
import { formatOf } from "../output/format.ts";
import { print } from "../output/print.ts";
import { printThing } from "../output/things.ts";
import { isoText } from "../output/time-text.ts";
import { openInBrowser } from "../terminal/browser.ts";
import { connectionOf } from "./options.ts";

const NOTES = `
Examples:
  millrace open
  millrace open --print
  millrace open --output json

The link lets one browser in, once, within 15 minutes; whoever has it may do what an administrator may. It needs a key
with the scope admin. Where there is no display, it is only printed.`;

/** `millrace open`. */
export function addOpenCommand(program: Command): void {
  program
    .command("open")
    .description("Open the page in the browser, signed in.")
    .option("--print", "only print the link")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (options: { readonly print?: boolean }, command: Command) => {
      const connection = connectionOf(command);
      const format = formatOf(command);
      const { path, expireTime } = await connection.client(SessionService, "manage").createLoginToken({});
      const url = `${connection.url}${path}`;
      if (format !== "table") {
        const expires = isoText(expireTime) ?? "";
        return printThing(format, {
          values: [
            ["url", url],
            ["expires", expires],
          ],
          document: { url, expireTime: expires },
        });
      }
      // Alone on standard output, so that it can be put into a variable.
      print(url);
      if (options.print === true) return;
      const isOpened = await openInBrowser(url);
      const notes = isOpened
        ? "Opened in the browser."
        : "There is no browser to open it with here: open the link yourself.";
      process.stderr.write(`${notes} It lets one browser in, within 15 minutes.\n`);
    });
}
