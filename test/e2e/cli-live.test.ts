/**
 * The commands that stay: somebody sits at a terminal, watches numbers change and events arrive, and gets the terminal
 * back as it was.
 */
import { join } from "node:path";
import { CHECKOUT, environment, launchMillrace, type Millrace, until } from "@millrace/harness";
import { lastingPort } from "@millrace/harness/ports";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Terminal } from "./terminal.ts";

const BIN = join(CHECKOUT, "packages/cli/bin/millrace.js");
const CTRL_C = "\u0003";
/** What is promised is a second; a machine that does other things at the same time may miss it, but not each time. */
const SEEN_WITHIN_MS = 1_000;
const ATTEMPTS = 5;

let millrace: Millrace;

beforeAll(async () => {
  // Whoever reconnects after a restart comes back to the same port.
  millrace = await launchMillrace({ env: { MILLRACE_PORT: String(await lastingPort()) } });
  await send("/start");
}, 60_000);
afterAll(() => millrace.dispose());

describe("watch", () => {
  it("shows an event within a second, and Ctrl-C leaves the terminal as it was", async () => {
    const terminal = start("watch", "page_views", "visitors", "--by", "page", "--last", "30m");
    await until("the first answer is shown", () => terminal.frame.some((line) => /^\/start +1 /.test(line)));
    // Its four questions are answered one after the other.
    const live = /^Millrace {2}demo, last 30m +● live {2}as of \d\d:\d\d:\d\d/;
    await expect.poll(() => terminal.frame[0]).toMatch(live);
    await seenWithinASecond(async (attempt) => {
      await send(`/seen-${attempt}`);
      return () => terminal.frame.some((line) => line.startsWith(`/seen-${attempt} `));
    });
    terminal.type(CTRL_C);
    expect(await terminal.end).toEqual({ code: 130, areModesKept: true });
    expect(terminal.isTidy).toBe(true);
    // The last picture stays below what was typed.
    expect(terminal.written.slice(terminal.written.lastIndexOf("\u001b[?1049l"))).toContain("/start");
  });

  it("ends with 0 after q, and stands still after a space", async () => {
    const terminal = start("watch", "page_views");
    await until("it is live", () => terminal.frame[0]?.includes("live"));
    terminal.type(" ");
    await until("it stands still", () => terminal.frame[0]?.includes("paused"));
    terminal.type("q");
    expect(await terminal.end).toEqual({ code: 0, areModesKept: true });
    expect(terminal.isTidy).toBe(true);
  });

  it("fits the window, whatever its size becomes", async () => {
    const terminal = start("watch", "page_views", "visitors", "--by", "page");
    await until("it is live", () => terminal.frame[0]?.includes("live"));
    for (const [columns, rows] of [
      [40, 12],
      [200, 50],
      [34, 5],
    ] as const) {
      terminal.resize(columns, rows);
      await until(`it is drawn in ${columns} columns`, () => terminal.frame.length === rows);
      expect(terminal.frame.filter((line) => line.length > columns)).toEqual([]);
    }
    terminal.type("q");
    expect(await terminal.end).toMatchObject({ code: 0 });
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
  ] as const)("leaves the terminal as it was after %s", async (signal, code) => {
    const terminal = start("watch", "page_views");
    await until("it is live", () => terminal.frame[0]?.includes("live"));
    terminal.signal(signal);
    expect(await terminal.end).toEqual({ code, areModesKept: true });
    expect(terminal.isTidy).toBe(true);
  });

  it("leaves the terminal as it was after a crash, whose text can be read", async () => {
    const screen = join(CHECKOUT, "packages/cli/src/terminal/screen.ts");
    const script = `
      import { Screen } from ${JSON.stringify(screen)};
      const nothing = () => {};
      const events = { onKey: nothing, onResize: nothing, onInterrupt: nothing };
      const screen = new Screen(process.stdin, process.stdout, events);
      screen.open();
      screen.draw(["drawn"]);
      setTimeout(() => { throw new Error("a defect"); }, 50);
    `;
    const terminal = run([process.execPath, "--input-type=module", "--eval", script]);
    expect(await terminal.end).toEqual({ code: 1, areModesKept: true });
    expect(terminal.frame).toContain("drawn");
    expect(terminal.isTidy).toBe(true);
    expect(terminal.written.slice(terminal.written.lastIndexOf("\u001b[?1049l"))).toContain("a defect");
  });

  it("comes back after Ctrl-Z", async () => {
    const terminal = start("watch", "page_views");
    await until("it is live", () => terminal.frame[0]?.includes("live"));
    terminal.type("\u001a");
    await until("the terminal is given back", () => terminal.isTidy);
    const before = terminal.written.length;
    terminal.signal("SIGCONT");
    await until("it is drawn again", () => terminal.written.slice(before).includes("live"));
    terminal.type("q");
    expect(await terminal.end).toEqual({ code: 0, areModesKept: true });
  });

  it("says when the connection is lost, and comes back by itself", async () => {
    const terminal = start("watch", "page_views", "--by", "page");
    await until("it is live", () => terminal.frame[0]?.includes("live"));
    await millrace.kill9();
    await until("it says so", () => terminal.frame[0]?.includes("reconnecting"));
    expect(terminal.frame.some((line) => line.startsWith("/start "))).toBe(true);
    await millrace.restart();
    await until("it is live again", () => terminal.frame[0]?.includes("live"));
    await send("/after");
    await until("it shows what came after", () => terminal.frame.some((line) => line.startsWith("/after ")));
    terminal.type("q");
    expect(await terminal.end).toMatchObject({ code: 0 });
  });

  it("fails at once where no server is", async () => {
    const terminal = start("watch", "page_views", "--url", "http://127.0.0.1:1", "--key", "k");
    expect(await terminal.end).toEqual({ code: 3, areModesKept: true });
    expect(terminal.isTidy).toBe(true);
    expect(terminal.written).toContain("can not be reached");
  });
});

describe("tail", () => {
  it("prints an event within a second, and ends with Ctrl-C", async () => {
    const terminal = start("tail", "--recent", "0");
    await until("it listens", () => terminal.written.includes("Events as they arrive"));
    await seenWithinASecond(async (attempt) => {
      await send(`/tailed-${attempt}`);
      return () => terminal.written.includes(`/tailed-${attempt}`);
    });
    expect(terminal.written).toMatch(/\d\d:\d\d:\d\d.*page_view.*ada.*page=/);
    terminal.type(CTRL_C);
    expect(await terminal.end).toEqual({ code: 130, areModesKept: true });
  });

  it("prints only what was asked for, as a program reads it", async () => {
    const terminal = start("tail", "--recent", "0", "--where", "page=/wanted", "--mask", "--output", "ndjson");
    const events = () => terminal.written.split("\r\n").filter((line) => line.startsWith("{"));
    await until("an event is printed", async () => {
      await send("/unwanted");
      await send("/wanted");
      return events().length > 0;
    });
    const event = JSON.parse(events()[0]!);
    expect(event).toMatchObject({ type: "event", name: "page_view", verdict: "counted", derived: { page: "/wanted" } });
    expect(event.userId).not.toBe("ada");
    terminal.type(CTRL_C);
    await terminal.end;
  });
});

describe("output for programs", () => {
  const key = () => Object.keys(millrace.keys.projectKeys)[0]!;

  it.each([
    [["query", "page_views", "--by", "page"]],
    [["query", "page_views", "--every", "1h"]],
    [["project", "list"]],
    [["project", "get", "demo"]],
    [["project", "update", "demo", "--name", "Demo", "--retention-1m", "10d"]],
    [["key", "list"]],
    [["key", "create", "--account"]],
    [["key", "create", "--origin", "https://example.org"]],
    [["metric", "list"]],
    [["metric", "get", "page_views"]],
    [["rollup", "list"]],
    [["status"]],
    [["open", "--print"]],
    [["send", "page_view", "--user", "ben"]],
    [["context", "list"]],
    [["context", "add", "here", "--url", "http://127.0.0.1:8080", "--no-key"]],
    [["context", "use", "here"]],
    [["context", "use", "--none"]],
    [["context", "remove", "here"]],
    [["completion", "bash"]],
    [["demo", "--duration", "1s"]],
    [["doctor"]],
  ])("is JSON, and nothing else: %j", async (args) => {
    for (const format of ["json", "ndjson"]) {
      const { stdout, stderr } = await millrace.cli(...args, "--project", key(), "--output", format);
      const documents = format === "json" ? [stdout] : stdout.split("\n").filter((line) => line !== "");
      for (const text of documents) expect(() => JSON.parse(text), `${stdout}${stderr}`).not.toThrow();
    }
  });

  it.each([
    [["query", "page_vews"], "METRIC_UNKNOWN", "invalidArgument"],
    [["query", "page_views", "--by", "pge"], "DIMENSION_UNKNOWN", "invalidArgument"],
    [["query", "page_views", "--project", "dem"], "PROJECT_NOT_FOUND", "notFound"],
    [["query", "page_views", "--url", "http://127.0.0.1:1", "--key", "k"], "UNREACHABLE", "unavailable"],
    [["query", "page_views", "--where", "nonsense"], "FIELD_INVALID", "invalid"],
    [["query", "page_views", "--lst", "7d"], "USAGE", "invalid"],
    [["qery"], "USAGE", "invalid"],
  ])("says what is wrong as JSON: %j", async (args, reason, kind) => {
    const { stdout, stderr, exitCode } = await millrace.cli(...args, "--output", "json");
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toMatchObject({ error: { reason, kind, message: expect.any(String) } });
    expect(exitCode).toBe(reason === "UNREACHABLE" ? 3 : 2);
  });

  it.each([
    [["qery", "x"], "Did you mean query?"],
    [["query", "page_views", "--lst", "7d"], "Did you mean --last?"],
    [["query", "page_vews"], 'did you mean "page_views"?'],
    [["query", "page_views", "--by", "pge"], 'did you mean "page"?'],
    [["query", "page_views", "--project", "dem"], 'did you mean "demo"?'],
    [["project", "get", "dmo"], 'did you mean "demo"?'],
    [["key", "create", "--scope", "reprt"], "did you mean report?"],
  ])("names what was probably meant: %j", async (args, hint) => {
    expect((await millrace.cli(...args)).stderr).toContain(hint);
  });
});

/** Starts a command in a terminal of 100 columns and 30 rows. */
function start(...args: readonly string[]): Terminal {
  return run([process.execPath, BIN, ...args]);
}

/** Starts a program in such a terminal. */
function run(command: readonly string[]): Terminal {
  const env = environment({
    MILLRACE_DATA_DIR: millrace.dataDirectory,
    XDG_CONFIG_HOME: join(millrace.dataDirectory, "config"),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
  });
  const terminal = new Terminal(command, { columns: 100, rows: 30, cwd: millrace.dataDirectory, env });
  onTestFinished(() => terminal.close());
  return terminal;
}

/** Sends an event of a page. */
async function send(page: string): Promise<void> {
  const event = { name: "page_view", user_id: "ada", properties: { url: `https://example.org${page}` } };
  const response = await fetch(`${millrace.url}/v1/events`, {
    method: "POST",
    headers: { "x-api-key": millrace.keys.projectKeys["demo"]!, "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  expect(response.ok).toBe(true);
}

/** Makes something to be seen, several times; at least once it must be seen within a second. */
async function seenWithinASecond(make: (attempt: number) => Promise<() => boolean>): Promise<void> {
  const times: number[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const startMs = performance.now();
    const isSeen = await make(attempt);
    await until("it is seen", isSeen);
    times.push(Math.round(performance.now() - startMs));
    if (times.at(-1)! <= SEEN_WITHIN_MS) return;
  }
  throw new Error(`seen after ${times.join(", ")} ms`);
}
