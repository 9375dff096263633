import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { ANSWERS_LOST, BLACK_HOLE, TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
import { until } from "./until.ts";

/** A server that answers every chunk with the same bytes, and remembers what it got. */
let server: Server;
let received: string;
let sockets: Socket[];

beforeEach(async () => {
  received = "";
  sockets = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      socket.write(bytes);
    });
    socket.on("end", () => socket.end("bye"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("passes everything, both ways, and the end of each way alone", async () => {
  const client = await clientOf(await proxy());
  client.socket.end("hello");
  await until("the server's end came", () => client.ended);
  expect(client.received).toBe("hellobye");
  expect(client.isReset).toBe(false);
});

test("passes more bytes than fit into memory at once, at the pace of who reads them", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  client.socket.pause();
  const bytes = Buffer.alloc(32 * 1024 * 1024, "x");
  sockets[0]?.write(bytes);
  await until("the line is full", async () => {
    const before = through.bytes.toClient;
    // Full is a line on which nothing moves for a while.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return before > 0 && through.bytes.toClient === before;
  });
  expect(through.bytes.toClient).toBeLessThan(bytes.length / 2);
  client.socket.resume();
  await until("all came", () => through.bytes.toClient === bytes.length);
});

test("holds what is sent while the line is cut, and gives it once it is mended", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  await through.become(BLACK_HOLE);
  client.socket.write("one");
  const late = await clientOf(through, { withoutServer: true });
  late.socket.write("two");
  await quiet();
  expect([received, client.received, late.received]).toEqual(["", "", ""]);
  await through.become({});
  await until("both are answered", () => client.received === "one" && late.received === "two");
});

test("does not tell the server of a client that went away while the line was cut", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  await through.become(BLACK_HOLE);
  client.socket.resetAndDestroy();
  await quiet();
  expect(sockets[0]?.closed).toBe(false);
  await through.become({});
  await until("it is told", () => sockets[0]?.closed);
  expect(through.open).toBe(0);
});

test("cuts one way alone", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  await through.become({ toServer: { flow: "hold" } });
  sockets[0]?.write("from the server");
  client.socket.write("from the client");
  await until("the other way passes", () => client.received === "from the server");
  expect(received).toBe("");
  await through.become({ toClient: { flow: "hold" } });
  await until("the first way passes", () => received === "from the client");
  expect(client.received).toBe("from the server");
});

test("loses answers after their requests were applied, and resets such connections when answers pass again", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  const idle = await clientOf(through);
  await through.become(ANSWERS_LOST);
  client.socket.write("apply this");
  await until("the server has it", () => received === "apply this");
  await quiet();
  expect(client.received).toBe("");
  expect(client.isReset).toBe(false);
  await through.become({});
  await until("it is reset", () => client.isReset);
  idle.socket.write("x");
  await until("one that lost nothing goes on", () => idle.received === "x");
});

test("resets after so many bytes, counted by direction and connection", async () => {
  const through = await proxy();
  await through.become({ toClient: { resetAfterBytes: 4 } });
  for (const text of ["abcdef", "ghijkl"]) {
    const client = await clientOf(through);
    client.socket.write(text);
    await until("it is reset", () => client.isReset);
    expect(client.received).toBe(text.slice(0, 4));
  }
  expect(received).toBe("abcdefghijkl");
});

test("delays without holding up what comes behind, and keeps the order whatever the jitter", async () => {
  const numbers = [0.9, 0, 0.5, 0.1];
  const through = await proxy({ random: () => numbers.shift() ?? 0 });
  const client = await clientOf(through);
  await through.become({ toServer: { latencyMs: 300, jitterMs: 200 } });
  const start = performance.now();
  for (const letter of "abcd") {
    client.socket.write(letter);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until("all came", () => client.received === "abcd");
  const ms = performance.now() - start;
  expect(ms).toBeGreaterThan(450);
  expect(ms).toBeLessThan(1_000);
});

test("lets no more than so many bytes a second through", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  await through.become({ toServer: { bytesPerSecond: 20_000 } });
  const start = performance.now();
  client.socket.write("x".repeat(10_000));
  await until("all came", () => client.received.length === 10_000);
  expect(performance.now() - start).toBeGreaterThan(350);
});

test("refuses new connections and leaves those that are there, until it listens again at the same port", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  await through.become({ refuses: true });
  await expect(clientOf(through)).rejects.toThrow("ECONNREFUSED");
  client.socket.write("still here");
  await until("it is answered", () => client.received === "still here");
  await through.become({});
  await clientOf(through);
});

test("cuts all connections at once, and takes new ones", async () => {
  const through = await proxy();
  const clients = [await clientOf(through), await clientOf(through)];
  through.cut();
  await until("all are reset", () => clients.every(({ isReset }) => isReset));
  await until("none is left", () => through.open === 0);
  await clientOf(through);
});

test("forgets connections, which hang for good, and passes new ones", async () => {
  const through = await proxy();
  const client = await clientOf(through);
  through.forget();
  await through.become({});
  client.socket.write("x");
  const other = await clientOf(through);
  other.socket.write("y");
  await until("the new one is answered", () => other.received === "y");
  await quiet();
  expect([received, client.received, client.isReset, through.open]).toEqual(["y", "", false, 2]);
});

test("resets a client whose server refuses it", async () => {
  const through = await proxy();
  server.close();
  const client = await clientOf(through, { withoutServer: true });
  await until("it is reset", () => client.isReset);
});

test("treats one connection differently when it is told to", async () => {
  const through = await proxy({ onLink: (link) => link.become(BLACK_HOLE) });
  const client = await clientOf(through);
  client.socket.write("x");
  await quiet();
  expect(client.received).toBe("");
});

async function proxy(options?: TcpProxyOptions): Promise<TcpProxy> {
  const opened = await TcpProxy.open(`127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  onTestFinished(() => opened.close());
  return opened;
}

/** Connects, and waits until the server has the connection. */
async function clientOf(through: TcpProxy, { withoutServer = false } = {}) {
  const before = sockets.length;
  const socket = connect({ port: through.port, host: "127.0.0.1", allowHalfOpen: true });
  const client = { socket, received: "", ended: false, isReset: false };
  socket.on("data", (bytes) => {
    client.received += bytes.toString("latin1");
  });
  socket.on("end", () => {
    client.ended = true;
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.on("error", () => {
    client.isReset = true;
  });
  if (!withoutServer) await until("the server has the connection", () => sockets.length > before);
  return client;
}

/** Long enough for what must not come to have come. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
