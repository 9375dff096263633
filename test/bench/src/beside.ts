import { type ChildProcess, fork } from "node:child_process";
import type { Produced, ProducerOptions } from "./stream-producer.ts";

/** Sends events from a process of its own, so that the sender's work is not the server's. */
export async function produceBeside(options: ProducerOptions): Promise<Produced> {
  const child = start("./produce.ts");
  child.send(options);
  return answerOf<Produced>(child, "the producer");
}

/** Starts another program of this folder. */
export function start(script: string, args: readonly string[] = [], execArgv: readonly string[] = []): ChildProcess {
  const child = fork(new URL(script, import.meta.url), args, { execArgv: [...execArgv] });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return child;
}

/** The next message of a child. Fails when it ends before. */
export function answerOf<T>(child: ChildProcess, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`${who} ended with code ${code}`)));
  });
}
