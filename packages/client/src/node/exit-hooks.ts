import process from "node:process";
import type { Producer } from "../producer.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Sends what is left when nothing else keeps the process alive; gives what takes this back. The process waits at most
 * `timeoutMs`, and then gives up: a call whose answer is awaited would hold it on.
 */
export function flushBeforeExit(producer: Producer, timeoutMs: number): () => void {
  let isTrying = false;
  const onBeforeExit = async (): Promise<void> => {
    // The event comes again after each time that something was done.
    if (isTrying || producer.pending === 0) return;
    isTrying = true;
    const { pending } = await producer.flush({ timeoutMs });
    if (pending > 0) await producer.close({ timeoutMs: 0 });
    isTrying = false;
  };
  const listener = (): void => void onBeforeExit();
  process.on("beforeExit", listener);
  return () => process.off("beforeExit", listener);
}

/** What is to be closed at a signal: of all clients together, since only the last may end the process. */
const closing = new Map<Producer, number>();

/**
 * Closes the client on SIGTERM and SIGINT; gives what takes this back. Where nobody else listens to the signal, it then
 * ends the process as it would have without.
 */
export function closeOnSignals(producer: Producer, timeoutMs: number): () => void {
  // In front, so that listeners that go away when they are called are still seen.
  if (closing.size === 0) for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  closing.set(producer, timeoutMs);
  return () => {
    closing.delete(producer);
    if (closing.size === 0) stopListening();
  };
}

function onSignal(signal: NodeJS.Signals): void {
  // A second signal finds the process as it would be without a client.
  stopListening();
  const isAlone = process.listenerCount(signal) === 0;
  const closed = [...closing].map(([producer, timeoutMs]) => producer.close({ timeoutMs }));
  void Promise.all(closed).then(() => {
    if (isAlone) process.kill(process.pid, signal);
  });
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
