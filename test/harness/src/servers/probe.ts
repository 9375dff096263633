import { connect } from "node:net";

const ANSWER_WITHIN_MS = 2_000;

/** What a server of a kind is asked to see that it serves, and how its answer is known. */
export type Probe = {
  readonly question: Uint8Array;
  /** Whether the first bytes of the answer say that the server serves. */
  readonly isGood: (answer: Buffer) => boolean;
};

/**
 * Asks the server at `address` (host:port) once.
 *
 * @throws Error when nobody listens, nothing is answered within two seconds, or the answer is not one of such a server
 */
export async function ask(address: string, { question, isGood }: Probe): Promise<void> {
  const { host, port } = hostAndPort(address);
  const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS });
  try {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      socket.once("connect", () => socket.write(question));
      socket.once("data", resolve);
      socket.once("error", reject);
      socket.once("timeout", () => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)));
      socket.once("close", () => reject(new Error("the connection was closed without an answer")));
    });
    if (!isGood(answer)) throw new Error(`it answers as no such server does: ${answer.toString("hex").slice(0, 40)}`);
  } finally {
    socket.destroy();
  }
}

/** The parts of "host:port", with an IPv6 host in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined) throw new Error(`"${address}" is not host:port`);
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
