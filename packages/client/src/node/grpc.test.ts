import { type AddressInfo, createServer, type Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import {
  IngestService,
  type StreamRequest,
  StreamRequestSchema,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it, onTestFinished } from "vitest";
import { SYSTEM_CLOCK } from "../clock.ts";
import { connectByGrpc } from "./grpc.ts";

/** A host that takes connections and then is gone: nothing is read, nothing answered. */
async function startSilent(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function connect(url: string) {
  const { transport, close } = connectByGrpc(url, [], SYSTEM_CLOCK, { connectMs: 100, pingMs: 50, pongMs: 50 });
  onTestFinished(close);
  return createClient(IngestService, transport);
}

/** More than the system's buffers hold, so that bytes are stuck. */
async function* muchToSend(): AsyncGenerator<StreamRequest> {
  const streamId = "x".repeat(1024 * 1024);
  for (let i = 0; i < 32; i++) yield create(StreamRequestSchema, { streamId });
}

describe("a server that says nothing any more", () => {
  it.each([
    { when: "from the beginning", messages: () => [] },
    { when: "with much on its way", messages: muchToSend },
  ])("fails the calls soon, and the process goes on: $when", async ({ messages }) => {
    const client = connect(`http://127.0.0.1:${await startSilent()}`);
    for (let i = 0; i < 5; i++) {
      async function* requests() {
        yield* messages();
      }
      await expect(client.stream(requests())).rejects.toThrow(/PING timed out|unavailable/i);
    }
  });

  it("fails the calls soon in the middle of a TLS handshake too, and the next are tried anew", async () => {
    const client = connect(`https://127.0.0.1:${await startSilent()}`);
    for (let i = 0; i < 2; i++) await expect(client.send({})).rejects.toThrow("nobody answered at the address in time");
  });
});
