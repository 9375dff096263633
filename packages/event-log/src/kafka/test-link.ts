import { connect, createServer, type Server, type Socket } from "node:net";
import type { ISocketFactory } from "kafkajs";

const PRODUCE = 0;

/** What becomes of a Produce request: its answer is lost, or it is answered with an error code and never reaches the broker. */
export type ProduceFault = "pass" | "drop" | number;

/**
 * A link to one broker that understands just enough of Kafka's protocol to lose the answer of a request that was done.
 * Clients reach it by {@link socketFactory}, whatever address the broker gives of itself.
 */
export class TestLink {
  /** Asked for each Produce request that reaches the broker. */
  onProduce: () => ProduceFault = () => "pass";
  /** True: bytes of clients go nowhere. */
  isBlackHole = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(address: string): Promise<TestLink> {
    const [host, port] = address.split(":") as [string, string];
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const link = new TestLink(server, (server.address() as { port: number }).port);
    server.on("connection", (client) => link.#join(client, connect(Number(port), host)));
    return link;
  }

  /** Connects every client to this link. */
  readonly socketFactory: ISocketFactory = ({ onConnect }) => connect(this.#port, "127.0.0.1", onConnect);

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, broker: Socket): void {
    const dropped = new Set<number>();
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    onFrames(client, (frame) => {
      if (this.isBlackHole) return;
      const fault = frame.readInt16BE(4) === PRODUCE ? this.onProduce() : "pass";
      if (typeof fault === "number") {
        client.write(refusal(frame, fault));
        return;
      }
      if (fault === "drop") dropped.add(frame.readInt32BE(8));
      broker.write(frame);
    });
    onFrames(broker, (frame) => {
      if (this.isBlackHole || dropped.delete(frame.readInt32BE(4))) return;
      client.write(frame);
    });
  }
}

/** The answer to a Produce request (versions 3 to 7) for one partition, with an error code. */
function refusal(request: Buffer, errorCode: number): Buffer {
  let at = 12;
  const skipText = () => {
    const length = request.readInt16BE(at);
    at += 2 + Math.max(0, length);
  };
  skipText();
  skipText();
  at += 2 + 4 + 4;
  const topic = at;
  skipText();
  const name = request.subarray(topic, at);
  const partition = request.subarray(at + 4, at + 8);
  const rest = Buffer.alloc(2 + 8 + 8 + 8 + 4, 0xff);
  rest.writeInt16BE(errorCode, 0);
  rest.writeInt32BE(0, 26);
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([request.subarray(8, 12), one, name, one, partition, rest]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** Calls back with each message of Kafka's protocol, its size in front. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
