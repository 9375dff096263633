import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ends the first process of a container at the signals that end any other. Linux leaves out the usual effect of a signal
 * on process 1 (pid_namespaces(7)), so that a command without a listener of its own would run on until it is killed.
 * Commands that listen end as they see fit.
 *
 * The exit code is 128 and the signal's number.
 */
export function endBySignals(target: Pick<NodeJS.Process, "pid" | "on" | "listenerCount" | "exit">): void {
  if (target.pid !== 1) return;
  for (const signal of SIGNALS) {
    target.on(signal, () => {
      if (target.listenerCount(signal) === 1) target.exit(128 + constants.signals[signal]);
    });
  }
}
