import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Ledger, startFakeServer } from "../testing/fake-server.ts";

const CLIENT = join(import.meta.dirname, "../node.ts");

/** Runs a program with a client; `signalled` is sent when it has written its first line. */
async function run(url: string, body: string, signalled?: NodeJS.Signals) {
  const program = `
    import { createMillrace } from ${JSON.stringify(CLIENT)};
    const client = createMillrace({ url: ${JSON.stringify(url)}, key: "key", handleExit: true, handleSignals: true,
      exitTimeoutMs: 1000, onIssue: () => {} });
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (signalled !== undefined) child.stdout.once("data", () => child.kill(signalled));
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function counting(ledger: Ledger) {
  return startFakeServer({
    ingest: {
      async stream(requests) {
        let [through, accepted] = [0n, 0];
        for await (const message of requests) {
          accepted += ledger.take(message).accepted;
          through = message.sequence;
        }
        return { durableThroughSequence: through, acceptedCount: BigInt(accepted) };
      },
    },
  });
}

const TRACK = 'for (let i = 0; i < 1000; i++) client.track("e", { i });';

describe("a process that asked for it", () => {
  it("sends what is left before it ends by itself", async () => {
    const ledger = new Ledger();
    const { url } = await counting(ledger);
    expect(await run(url, TRACK)).toEqual({ code: 0, signal: null });
    expect(ledger.counted.size).toBe(1000);
  });

  it("ends all the same when there is no server", async () => {
    expect(await run("http://127.0.0.1:1", TRACK)).toEqual({ code: 0, signal: null });
  });

  it("sends what is left at SIGTERM, and ends by it", async () => {
    const ledger = new Ledger();
    const { url } = await counting(ledger);
    const body = `setInterval(() => {}, 1000); ${TRACK} process.stdout.write("ready");`;
    expect(await run(url, body, "SIGTERM")).toEqual({ code: null, signal: "SIGTERM" });
    expect(ledger.counted.size).toBe(1000);
  });
});
