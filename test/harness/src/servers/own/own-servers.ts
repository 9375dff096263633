import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { TcpProxy } from "../../tcp-proxy.ts";
import { connectKeeper } from "../keeper-client.ts";
import type { Deed, NodeAddress, OwnReply, StartRequest } from "./request.ts";

/** A node of a test's own servers. */
export type OwnNode = {
  /** Where it is itself, as host:port. */
  readonly address: string;
  /** What stands in front of it, if proxies were asked for: the first way to it. */
  readonly proxy: TcpProxy | undefined;
  /** All ways to it. */
  readonly proxies: readonly TcpProxy[];
  /** Ends it without warning, and waits until it is gone. */
  readonly kill9: () => Promise<void>;
  /** Asks it to end, and waits until it is gone. */
  readonly stop: () => Promise<void>;
  /** Starts it anew with the same data and ports, and waits until it answers. Fails while it runs. */
  readonly start: () => Promise<void>;
  /** Stops it in its tracks: its connections stay, and nothing answers (SIGSTOP). */
  readonly freeze: () => Promise<void>;
  /** Lets it go on (SIGCONT). */
  readonly thaw: () => Promise<void>;
};

/**
 * Servers that belong to whoever started them alone, so that they may be killed, frozen and emptied. They end with
 * `dispose`, and with the process that asked for them, however that ends.
 */
export class OwnServers implements AsyncDisposable {
  readonly nodes: readonly OwnNode[];
  readonly #socket: Socket;

  constructor(nodes: readonly OwnNode[], socket: Socket) {
    this.nodes = nodes;
    this.#socket = socket;
  }

  /** What a client is to be given, as host:port: the proxies, or the nodes where there are none. */
  get addresses(): string[] {
    return this.nodes.map(({ address, proxy }) => proxy?.address ?? address);
  }

  /** Kills all nodes, removes their data and closes their proxies. Resolves when they are gone. Idempotent. */
  async dispose(): Promise<void> {
    if (!this.#socket.closed) {
      const closed = new Promise((resolve) => this.#socket.once("close", resolve));
      this.#socket.end();
      await closed;
    }
    await Promise.all(this.nodes.flatMap(({ proxies }) => proxies.map((proxy) => proxy.close())));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/**
 * Asks the run's keeper for servers.
 *
 * @param proxiesOf opens the proxies in front of the node at an index
 * @throws Error with the end of the server's log when it does not start
 */
export async function startOwn(
  request: StartRequest,
  proxiesOf: (node: NodeAddress, index: number) => Promise<readonly TcpProxy[]>,
): Promise<OwnServers> {
  const socket = await connectKeeper();
  const ask = asker(socket);
  try {
    const { nodes = [] } = await ask(request);
    const own = nodes.map(async (node, index): Promise<OwnNode> => {
      const doing = (deed: Deed) => async () => void (await ask({ node: index, deed }));
      const proxies = await proxiesOf(node, index);
      return {
        address: node.address,
        proxy: proxies[0],
        proxies,
        kill9: doing("kill9"),
        stop: doing("stop"),
        start: doing("start"),
        freeze: doing("freeze"),
        thaw: doing("thaw"),
      };
    });
    return new OwnServers(await Promise.all(own), socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Gives what asks over the socket: many requests may be open at once. */
function asker(socket: Socket) {
  type Waiter = { readonly resolve: (reply: OwnReply) => void; readonly reject: (error: Error) => void };
  const waiting = new Map<number, Waiter>();
  let last = 0;
  socket.on("error", () => {});
  createInterface({ input: socket }).on("line", (line) => {
    const reply: OwnReply = JSON.parse(line);
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) waiter?.resolve(reply);
    else waiter?.reject(new Error(reply.error));
  });
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the servers were disposed of"));
  });
  return (request: StartRequest | { readonly node: number; readonly deed: Deed }): Promise<OwnReply> =>
    new Promise((resolve, reject) => {
      if (socket.writableEnded || socket.destroyed) throw new Error("the servers were disposed of");
      waiting.set(++last, { resolve, reject });
      socket.write(`${JSON.stringify({ id: last, ...request })}\n`);
    });
}
