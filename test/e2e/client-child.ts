/**
 * A producer with a spool. Called with the server's url, the key, the spool's directory and how many events to track: it
 * tracks that many, one moment after the other, and then kills itself without any warning. For 0 it sends what earlier
 * ones left, and tells what became of it.
 */
import { writeSync } from "node:fs";
import { createMillrace } from "@millrace/client";

const [url = "", key = "", directory = "", count = "0"] = process.argv.slice(2);
const AT_ONCE = 25;
const STDOUT = 1;

const client = createMillrace({ url, key, spool: { directory }, onIssue: () => {}, retry: { maxDelayMs: 1000 } });
if (Number(count) === 0) {
  const { pending } = await client.close({ timeoutMs: 60_000 });
  writeSync(STDOUT, JSON.stringify({ pending, ...client.stats() }));
} else {
  let tracked = 0;
  setInterval(() => {
    for (let i = 0; i < AT_ONCE; i++) {
      if (tracked === Number(count)) process.kill(process.pid, "SIGKILL");
      if (!client.track("tick", { producer: "spooled", amount: 1 }, { userId: `u${tracked % 50}` })) process.exit(1);
      tracked++;
    }
  }, 5);
}
