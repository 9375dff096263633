import { spawn } from "node:child_process";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { MillraceOptions } from "../node.ts";
import { type FakeServices, Ledger, startFakeServer } from "../testing/fake-server.ts";

const CLIENT = join(import.meta.dirname, "../node.ts");

type RunOptions = {
  /** Sent whenever it writes something. */
  readonly signalled?: NodeJS.Signals;
  /** What it does before it makes its client. */
  readonly before?: string;
} & Pick<MillraceOptions, "transport" | "handleExit" | "exitTimeoutMs" | "overflow" | "buffer" | "batch">;

/** Runs a program with a client. */
async function run(url: string, body: string, { signalled, before = "", ...options }: RunOptions = {}) {
  const made = { url, key: "key", handleExit: true, handleSignals: true, exitTimeoutMs: 1000, ...options };
  const program = `
    import { createMillrace } from ${JSON.stringify(CLIENT)};
    ${before}
    const client = createMillrace({ ...${JSON.stringify(made)}, onIssue: () => {} });
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.on("data", () => signalled !== undefined && child.kill(signalled));
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

const TRANSPORTS = ["grpc", "fetch"] as const;
const never = () => new Promise<never>(() => {});
const SILENT = { stream: never, send: never };

/** A server that counts, after it has refused the first streams. */
function counting(ledger: Ledger, { isHttp1 = false, failures = 0 } = {}) {
  let streams = 0;
  const ingest: FakeServices["ingest"] = {
    send: (request) => ({ acceptedCount: ledger.take(request).accepted }),
    async stream(requests) {
      if (++streams <= failures) throw new ConnectError("not yet", Code.Unavailable);
      let [through, accepted] = [0n, 0];
      for await (const message of requests) {
        accepted += ledger.take(message).accepted;
        through = message.sequence;
      }
      return { durableThroughSequence: through, acceptedCount: BigInt(accepted) };
    },
  };
  return startFakeServer({ ingest }, { isHttp1 });
}

const WAIT = "setInterval(() => {}, 1000);";
const READY = 'process.stdout.write("ready");';
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
    const ending = run(url, `${WAIT} ${TRACK} ${READY}`, { signalled: "SIGTERM" });
    expect(await ending).toEqual({ code: null, signal: "SIGTERM" });
    expect(ledger.counted.size).toBe(1000);
  });

  it("sends what is left of each of its clients before the signal ends it", async () => {
    const [ledger, other] = [new Ledger(), new Ledger()];
    const { url } = await counting(ledger);
    const second = await counting(other);
    const body = `${WAIT} ${TRACK} ${READY}
      createMillrace({ url: ${JSON.stringify(second.url)}, key: "key", handleSignals: true }).track("e");`;
    expect(await run(url, body, { signalled: "SIGTERM" })).toEqual({ code: null, signal: "SIGTERM" });
    expect([ledger.counted.size, other.counted.size]).toEqual([1000, 1]);
  });

  it.each(["on", "once"])("leaves the end to a program that listens itself, by %s", async (listen) => {
    const ledger = new Ledger();
    const { url } = await counting(ledger);
    const before = `process.${listen}("SIGTERM", async () => {
      await client.close();
      setTimeout(() => process.exit(7), 100);
    });`;
    const ending = run(url, `${WAIT} ${TRACK} ${READY}`, { signalled: "SIGTERM", before });
    expect(await ending).toEqual({ code: 7, signal: null });
    expect(ledger.counted.size).toBe(1000);
  });

  it("ends at once at a second signal, though the server says nothing", async () => {
    const { url } = await startFakeServer({ ingest: SILENT });
    const body = `${TRACK} setInterval(() => { ${READY} }, 200);`;
    const ending = run(url, body, { signalled: "SIGTERM", exitTimeoutMs: 60_000 });
    expect(await ending).toEqual({ code: null, signal: "SIGTERM" });
  });

  it.each(TRANSPORTS)("ends in time by itself though the server says nothing, by %s", async (transport) => {
    const { url } = await startFakeServer({ ingest: SILENT }, { isHttp1: transport === "fetch" });
    // What was sent by fetch before the end holds a process until it is given up.
    const body = transport === "grpc" ? TRACK : 'client.track("e");';
    expect(await run(url, body, { transport, exitTimeoutMs: 100 })).toEqual({ code: 0, signal: null });
  });
});

it("keeps a process alive that waits for an answer", async () => {
  const query = async () => {
    // How long it takes is the subject: longer than a process lives that waits for nothing.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { result: {} };
  };
  const { url } = await startFakeServer({ ingest: SILENT, reporting: { query } });
  const body = `${TRACK} await client.query({ metrics: ["m"], range: { last: "1d" } }); process.exit(7);`;
  expect(await run(url, body)).toEqual({ code: 7, signal: null });
});

it("keeps a process alive that waits for room, also between attempts", async () => {
  const ledger = new Ledger();
  const { url } = await counting(ledger, { failures: 3 });
  const body = `for (let i = 0; i < 50; i++) {
    await client.ready();
    client.track("e");
  }
  await client.close();
  process.exit(7);`;
  const ending = run(url, body, { handleExit: false, overflow: "wait", buffer: { events: 10 } });
  expect(await ending).toEqual({ code: 7, signal: null });
  expect(ledger.counted.size).toBe(50);
});

it.each(TRANSPORTS)("does not keep a process alive that did not ask for it, by %s", async (transport) => {
  const ledger = new Ledger();
  const { url } = await counting(ledger, { isHttp1: transport === "fetch" });
  const body = 'client.track("e"); await client.flush(); client.track("e");';
  // The second event waits for more of its batch when the process has nothing left to do.
  const options = { transport, handleExit: false, batch: { delayMs: 60_000 } };
  expect(await run(url, body, options)).toEqual({ code: 0, signal: null });
  expect(ledger.counted.size).toBe(1);
});
