import process from "node:process";
import type { Producer } from "../producer.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Sends what is left when nothing else keeps the process alive; gives what takes this back. The process waits at most
 * `timeoutMs`, once for the same events.
 */
export function flushBeforeExit(producer: Producer, timeoutMs: number): () => void {
  let triedAt = -1;
  const onBeforeExit = (): void => {
    const { tracked } = producer.stats();
    // The event comes again after each time that something was done.
    if (producer.pending === 0 || tracked === triedAt) return;
    triedAt = tracked;
    void producer.flush({ timeoutMs });
  };
  process.on("beforeExit", onBeforeExit);
  return () => process.off("beforeExit", onBeforeExit);
}

/**
 * Closes the client on SIGTERM and SIGINT; gives what takes this back. Where nobody else listens to the signal, it then
 * ends the process as it would have without.
 */
export function closeOnSignals(producer: Producer, timeoutMs: number): () => void {
  const takeBack = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second signal finds the process as it would be without a client.
    takeBack();
    const isAlone = process.listenerCount(signal) === 0;
    void producer.close({ timeoutMs }).then(() => {
      if (isAlone) process.kill(process.pid, signal);
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return takeBack;
}
