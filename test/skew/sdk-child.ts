/** An application with the client library of another checkout: tracks until SIGTERM, then says what it sent. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SdkLoad } from "@millrace/harness/load";

const [checkout = "", url = "", key = "", name = ""] = process.argv.slice(2);
const { createMillrace } = await import(pathToFileURL(join(checkout, "packages/client/src/node.ts")).href);
const load = new SdkLoad(url, key, Math.random, { name, create: createMillrace });

process.once("SIGTERM", async () => {
  const { pending, rejected, dropped } = await load.stop();
  const { account, sum, minutes } = load;
  const said = { account, sum, minutes: [...minutes], pending, rejected, dropped };
  const text = JSON.stringify(said, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
  process.stdout.write(`${text}\n`, () => process.exit(0));
});
