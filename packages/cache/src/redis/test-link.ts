import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP link to a server that tests can break. */
export type Link = {
  /** A Redis address by which the server is reached over the link. */
  readonly address: string;
  /** From now on requests arrive, and their answers do not. */
  muteAnswers(): void;
  /** From now on nothing arrives on either side of what is connected; what connects later is served. */
  blackHole(): void;
  /** Ends the connection by which so many bytes have gone to the server, counted from now. */
  resetAfter(bytes: number): void;
  /** Ends the connection by which the next answer comes, instead of the answer; new connections are taken. */
  cutNextAnswer(): void;
  /** Ends all connections; new ones are taken. */
  cut(): void;
  /** Ends all connections, and takes no new ones. */
  refuse(): void;
  close(): Promise<void>;
};

/** Starts a link on 127.0.0.1 to the server of a `redis://` address. */
export async function startLink(address: string): Promise<Link> {
  const { hostname, port } = new URL(address);
  const sockets = new Set<Socket>();
  let muted = false;
  let refusing = false;
  let cutting = false;
  let bytesLeft = Number.POSITIVE_INFINITY;
  let holes = 0;
  const server = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    const since = holes;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (bytes) => {
      if (since < holes) return;
      far.write(bytes.subarray(0, bytesLeft));
      bytesLeft -= bytes.length;
      if (bytesLeft > 0) return;
      bytesLeft = Number.POSITIVE_INFINITY;
      near.resetAndDestroy();
    });
    far.on("data", (bytes) => {
      if (since < holes) return;
      if (cutting) near.destroy();
      else if (!muted) near.write(bytes);
      cutting = false;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    muteAnswers: () => {
      muted = true;
    },
    blackHole: () => {
      holes++;
    },
    resetAfter: (bytes) => {
      bytesLeft = bytes;
    },
    cutNextAnswer: () => {
      cutting = true;
    },
    cut,
    refuse: () => {
      refusing = true;
      cut();
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
