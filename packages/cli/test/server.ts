import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../services/all-in-one/src/main.ts", import.meta.url));
const BIN = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));
const START_MS = 20_000;

/** What a command wrote, and its exit code. */
export type Ran = { readonly stdout: string; readonly stderr: string; readonly code: number | null };

/** A server of its own on free ports, in a directory of its own, and the command line beside it. */
export type TestServer = {
  readonly url: string;
  readonly directory: string;
  /** Runs a command; `input` goes to its standard input. */
  readonly run: (args: readonly string[], input?: string) => Promise<Ran>;
  readonly close: () => Promise<void>;
};

/** Starts a server and waits until it is ready. */
export async function startServer(): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  const env = {
    ...process.env,
    MILLRACE_DATA_DIR: directory,
    MILLRACE_COARSE_FLUSH_PERCENT: "1",
    XDG_CONFIG_HOME: join(directory, "config"),
  };
  for (const name of ["MILLRACE_URL", "MILLRACE_KEY", "MILLRACE_PROJECT", "MILLRACE_CONTEXT"])
    delete (env as NodeJS.ProcessEnv)[name];
  const server = spawn(process.execPath, [MAIN], {
    env: { ...env, MILLRACE_PORT: "0", MILLRACE_ADMIN_PORT: "0", MILLRACE_LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  async function close(): Promise<void> {
    server.kill("SIGKILL");
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    const url = await ready(server);
    return { url, directory, run: (args, input) => run(args, input, env), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function ready(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`the server did not start:\n${text}`)), START_MS);
    function look(chunk: Buffer): void {
      text += chunk;
      const url = /ready at (\S+)/.exec(text)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    }
    server.stdout?.on("data", look);
    server.stderr?.on("data", look);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${text}`)));
  });
}

function run(args: readonly string[], input: string | undefined, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.once("close", (code) => resolve({ stdout, stderr, code }));
    child.stdin.end(input ?? "");
  });
}
