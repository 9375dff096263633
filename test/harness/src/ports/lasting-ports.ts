import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give to outgoing connections, so that a process which is started again finds its port still free. */
const FROM = 15_000;
const TO = 32_000;

/** Ports of 127.0.0.1 that nobody listens at, all different, for processes that keep theirs over restarts. */
export async function lastingPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 20 * count + 100) throw new Error(`there are no ${count} free ports from ${FROM} to ${TO}`);
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

/** One such port. */
export async function lastingPort(): Promise<number> {
  const [port] = await lastingPorts(1);
  return port!;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
