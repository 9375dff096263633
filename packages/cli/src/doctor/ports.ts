import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
import { type Check, ok, problem } from "./check.ts";

const LISTENING = "0A";
const NAME_CHARS_MAX = 80;

/**
 * Looks whether a local server could listen at a port.
 *
 * @param variable the setting that says another
 */
export async function checkPort(host: string, port: number, variable: string): Promise<Check> {
  if (await isFree(host, port)) return ok("port", `${port} is free`);
  const holder = holderOf(port);
  const text = `${port} is taken${holder === undefined ? "" : ` by ${holder}`}`;
  return problem("port", text, `End what holds it, or start elsewhere: ${variable}=${port + 1} npm start`);
}

/** Who listens at a port of this computer, such as "node (1234)"; undefined where that can not be found out. */
function holderOf(port: number): string | undefined {
  const inode = listeningInode(port);
  if (inode === undefined) return undefined;
  const wanted = `socket:[${inode}]`;
  for (const pid of listed("/proc").filter((name) => /^\d+$/.test(name))) {
    // Only one's own processes can be looked into, but for the administrator.
    for (const descriptor of listed(`/proc/${pid}/fd`)) {
      if (linked(`/proc/${pid}/fd/${descriptor}`) === wanted) return `${nameOf(pid)} (${pid})`;
    }
  }
  return undefined;
}

// https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
function listeningInode(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of read(table).split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${hex}`)) return inode;
    }
  }
  return undefined;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

/** What a process was started as: its program, and for an interpreter the script. */
function nameOf(pid: string): string {
  const [program = "", ...rest] = read(`/proc/${pid}/cmdline`).split("\0");
  const script = rest.find((each) => each !== "" && !each.startsWith("-"));
  const words = [basename(program), ...(script === undefined ? [] : [script])];
  return words.join(" ").slice(0, NAME_CHARS_MAX) || "a process";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linked(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
