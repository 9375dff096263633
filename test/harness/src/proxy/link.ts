import { connect, type Socket } from "node:net";
import type { Direction, Manners } from "./manner.ts";
import { Way } from "./way.ts";

/** How the server of a link is reached, and who counts. */
export type LinkOptions = {
  readonly target: { readonly host: string; readonly port: number };
  readonly manners: Manners;
  readonly random: () => number;
  readonly onBytes: (direction: Direction, count: number) => void;
  /** Both of its ends are closed. */
  readonly onClose: () => void;
};

/** One connection through a proxy: a client's socket, and the proxy's own to the server. */
export class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toServer: Way;
  readonly #toClient: Way;

  constructor(client: Socket, { target, manners, random, onBytes, onClose }: LinkOptions) {
    this.#client = client;
    this.#server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    let open = 2;
    for (const socket of [client, this.#server]) {
      // Broken connections are what it is for.
      socket.on("error", () => {});
      socket.on("close", () => --open === 0 && onClose());
    }
    const events = (direction: Direction) => ({
      random,
      onBytes: (count: number) => onBytes(direction, count),
      onReset: () => this.cut(),
    });
    this.#toServer = new Way(client, this.#server, manners.toServer ?? {}, events("toServer"));
    this.#toClient = new Way(this.#server, client, manners.toClient ?? {}, events("toClient"));
  }

  /** Goes on in other manners: this connection alone, until the proxy is told something else. */
  become({ toServer = {}, toClient = {} }: Manners): void {
    this.#toServer.become(toServer);
    this.#toClient.become(toClient);
  }

  /** Ends the connection towards the client, as a server does that closes it in peace. */
  end(): void {
    this.#client.end();
  }

  /** Resets the connection, both ways. Idempotent. */
  cut(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }
}
