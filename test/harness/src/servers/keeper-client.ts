import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { requireNode } from "../checkout.ts";
import { until } from "../until.ts";
import type { KindName } from "./kinds.ts";

/** Names the socket of the run's keeper to every process of the run. */
export const KEEPER_VARIABLE = "MILLRACE_TEST_SERVERS";

/** A keeper that was started here, at a socket. */
export type Keeper = {
  readonly socketPath: string;
  /** Stops its servers. Resolves when they are gone. */
  readonly stop: () => Promise<void>;
};

let own: Keeper | undefined;

/** Starts a keeper that lives as long as this process, at most. Those who ask for a server right away wait for it. */
export function startKeeper(): Keeper {
  requireNode();
  const socketPath = join(mkdtempSync(join(tmpdir(), "millrace-servers-")), "keeper");
  // In a session of its own, so that Ctrl-C reaches the run alone; its input ends when the run does.
  const child: ChildProcessByStdio<Writable, null, null> = spawn(
    process.execPath,
    [join(import.meta.dirname, "keeper.ts"), socketPath],
    { stdio: ["pipe", "inherit", "inherit"], detached: true },
  );
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as Writable & { unref?: () => void }).unref?.();
  const exit = once(child, "exit");
  return {
    socketPath,
    stop: async () => {
      child.ref();
      child.stdin.end();
      await exit;
    },
  };
}

/** The addresses (host:port) of the nodes of the run's server of a kind, started if nobody asked before. */
export async function askKeeper(kind: KindName): Promise<string[]> {
  const socket = await connectKeeper();
  socket.write(`${kind}\n`);
  const reply: { addresses?: string[]; error?: string } = JSON.parse(await text(socket));
  if (reply.addresses === undefined) throw new Error(`no ${kind} for the tests: ${reply.error}`);
  return reply.addresses;
}

/** A new connection to the run's keeper. */
export function connectKeeper(): Promise<Socket> {
  const socketPath = process.env[KEEPER_VARIABLE] ?? ownKeeper().socketPath;
  return until("the keeper of the servers listens", () => connected(socketPath));
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  return socket;
}

function ownKeeper(): Keeper {
  own ??= startKeeper();
  return own;
}
