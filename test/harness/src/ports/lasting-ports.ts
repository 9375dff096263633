import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Below what systems give to outgoing connections, so that a process which is started again finds its port still free. */
const FROM = 15_000;
const TO = 32_000;

/** Where who takes a port says so to all others, as long as it lives. Nobody serves anything there. */
const NOTICE_HOST = "127.99.0.1";

/** Ports of 127.0.0.1 that nobody listens at, all different, for processes that keep theirs over restarts. No two who ask get the same. */
export async function lastingPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 20 * count + 100) throw new Error(`there are no ${count} free ports from ${FROM} to ${TO}`);
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (!ports.has(port) && (await take(port))) ports.add(port);
  }
  return [...ports];
}

/** One such port. */
export async function lastingPort(): Promise<number> {
  const [port] = await lastingPorts(1);
  return port!;
}

async function take(port: number): Promise<boolean> {
  const probe = await listen(port, "127.0.0.1");
  if (typeof probe === "string") return false;
  probe.close();
  const notice = await listen(port, NOTICE_HOST);
  // Only Linux answers for all of 127.0.0.0/8 by itself: elsewhere chance alone keeps two apart.
  if (typeof notice === "string") return notice !== "EADDRINUSE";
  notice.unref();
  return true;
}

/** Listens, or says by a code of the system why that can't be. */
async function listen(port: number, host: string): Promise<Server | string> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
}
