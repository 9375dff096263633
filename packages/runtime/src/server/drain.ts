import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "../log/logger.ts";
import { errorInfo } from "../rpc/failure-to-connect-error.ts";
import type { HealthState } from "../rpc/health.ts";
import type { ActiveCalls } from "./active-calls.ts";
import type { Call } from "./call.ts";
import type { OnePort } from "./one-port.ts";

/** What a drain ends. */
export type DrainOptions = {
  readonly health: HealthState;
  readonly shutdown: AbortController;
  readonly port: OnePort;
  readonly calls: ActiveCalls<Call>;
  /** How long to go on as if nothing were, so that balancers notice. */
  readonly delayMs: number;
  /** How long calls under way may still take. */
  readonly deadlineMs: number;
  readonly log: Logger;
};

const FLUSH_MS = 1_000;

/** Withdraws readiness, lets streams answer, takes nothing new, and waits for what is under way. */
export async function drain(options: DrainOptions): Promise<void> {
  const { health, shutdown, port, calls, log } = options;
  health.setServing(false);
  if (options.delayMs > 0) await delay(options.delayMs);
  shutdown.abort(draining());
  port.refuseNew();
  if (await isDoneWithin(options.deadlineMs, calls.idle())) {
    // What was written may still be on its way through the connections, which end by themselves when it is out.
    await isDoneWithin(FLUSH_MS, port.closed());
  } else {
    const cut = calls.values().map(({ id, path }) => ({ id, path }));
    log.warn({ calls: cut }, "calls were cut off by the drain's deadline");
  }
  port.destroy();
}

/** Why calls end early while a server stops. */
export function draining(): ConnectError {
  return new ConnectError("the server is stopping; try again", Code.Unavailable, undefined, [errorInfo("DRAINING")]);
}

async function isDoneWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return isDone;
}
