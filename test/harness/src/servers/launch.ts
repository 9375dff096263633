import { setTimeout as delay } from "node:timers/promises";
import { ask, type Probe } from "./probe.ts";
import { type CommandLine, endOfLog, type Program, startProgram } from "./programs.ts";

/** A server that runs. */
export type Launched = {
  /** Where it is, as host:port. */
  readonly address: string;
  /** Where proxies in front of it connect to, when that is elsewhere. */
  readonly behindProxies?: readonly string[];
  readonly program: Program;
  /** Launches it again, with the same data and ports, once it has ended. */
  readonly again: Launch;
};

/** How a server is launched once its ports are chosen. */
export type Launch = CommandLine & { readonly address: string; readonly probe: Probe; readonly withinMs: number };

const ASKED_EVERY_MS = 50;

/**
 * Starts a server and waits until it answers.
 *
 * @throws Error with the end of its log, when it ends before that or takes longer than `withinMs`
 */
export async function launch(again: Launch): Promise<Launched> {
  const { address, probe, withinMs, ...line } = again;
  const program = startProgram(line);
  const deadline = performance.now() + withinMs;
  let refused: unknown;
  while (program.isRunning() && performance.now() < deadline) {
    try {
      await ask(address, probe);
      return { address, program, again };
    } catch (error) {
      refused = error;
    }
    await delay(ASKED_EVERY_MS);
  }
  const why = program.isRunning() ? `did not serve within ${withinMs} ms` : `ended: ${await program.ended}`;
  throw new Error(`${line.command} ${why}. ${endOfLog(line.log)}`, { cause: refused });
}
