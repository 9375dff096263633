/**
 * A process beside a test run that starts each server when somebody first asks for it, and hands its address to all who
 * ask later. It listens at the socket given as its argument: a line with a kind is answered by a line of JSON, `{addresses}` or
 * `{error}`; lines of JSON (own/request.ts) are about servers that belong to the connection, and end with it. It holds its standard input: when that ends, as it does however the run ended, the servers are killed and
 * their data removed. Logs stay only where a server failed.
 */
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { composeAddress, stopCompose } from "./compose.ts";
import { KINDS, type KindName, originHere } from "./kinds.ts";
import { HeldServers } from "./own/held-servers.ts";
import { killPrograms } from "./programs.ts";

/** Another program may have taken a port that was free. */
const ATTEMPTS = 2;

const socketPath = process.argv[2] ?? "";
const folder = dirname(socketPath);
const addresses = new Map<KindName, Promise<string[]>>();
let connections = 0;
let isStopping = false;
let hasFailed = false;

process.stdin.on("close", stop).resume();
for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) process.on(signal, stop);
createServer({ allowHalfOpen: true }, (socket) => void answer(socket)).listen(socketPath);

async function answer(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  const held = new HeldServers(join(folder, `own-${++connections}`));
  const lines = createInterface({ input: socket });
  socket.on("close", () => lines.close());
  for await (const line of lines) {
    if (line.startsWith("{")) {
      void held.answer(JSON.parse(line)).then((reply) => socket.write(`${JSON.stringify(reply)}\n`));
      continue;
    }
    const reply = await addressesOf(line).then(
      (found) => ({ addresses: found }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    socket.write(`${JSON.stringify(reply)}\n`);
    break;
  }
  await held.dispose();
  socket.end();
}

async function addressesOf(name: string): Promise<string[]> {
  if (!isKindName(name)) throw new Error(`no server is called ${name}`);
  const known = addresses.get(name) ?? start(name);
  addresses.set(name, known);
  return known;
}

async function start(name: KindName): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const home = join(folder, `${name}-${attempt}`);
    mkdirSync(home, { recursive: true });
    if (originHere(KINDS[name]) === "compose") return [await composeAddress(name, join(home, "compose.log"))];
    let isBrought = false;
    try {
      await KINDS[name].bring(home);
      isBrought = true;
      const nodes = await KINDS[name].start(home);
      for (const { program } of nodes) void program.ended.then((end) => mourn(name, end, home));
      return nodes.map(({ address }) => address);
    } catch (error) {
      if (!isStopping) hasFailed = true;
      if (attempt === ATTEMPTS || !isBrought || isStopping) throw error;
    }
  }
}

/** Says that a server ended by itself, now and to all who ask for it later. */
function mourn(name: KindName, end: string, home: string): void {
  if (isStopping) return;
  hasFailed = true;
  const message = `the ${name} server of the tests ended by itself (${end}); its logs are in ${home}`;
  process.stderr.write(`${message}\n`);
  const gone = Promise.reject(new Error(message));
  gone.catch(() => {});
  addresses.set(name, gone);
}

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await killPrograms();
  stopCompose();
  rmSync(socketPath, { force: true });
  const removed = hasFailed ? [...addresses.keys()].flatMap(dataFolders) : [folder];
  for (const path of removed) rmSync(path, { recursive: true, force: true });
  process.exit(0);
}

function dataFolders(name: KindName): string[] {
  return Array.from({ length: ATTEMPTS }, (_, index) => join(folder, `${name}-${index + 1}`, "data"));
}

function isKindName(name: string): name is KindName {
  return Object.hasOwn(KINDS, name);
}
