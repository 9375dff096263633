import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { bearer, startFixture } from "./fixture.ts";

function closed(socket: Socket): Promise<"closed"> {
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve("closed"));
    socket.resume();
  });
}

describe("connections", () => {
  it("that say nothing, or too little to know the protocol by, are closed", async () => {
    const server = await startFixture({ limits: { protocolTimeoutMs: 50 } });
    const silent = connect(server.port, "127.0.0.1");
    const mute = connect(server.port, "127.0.0.1");
    mute.write("P");
    expect(await Promise.all([closed(silent), closed(mute)])).toEqual(["closed", "closed"]);
  });

  it("whose HTTP/1 headers never end are closed", async () => {
    const server = await startFixture({ limits: { headersTimeoutMs: 100 } });
    const slow = connect(server.port, "127.0.0.1");
    slow.write("POST / HTTP/1.1\r\nhost: x\r\n");
    expect(await closed(slow)).toBe("closed");
  });

  it("over HTTP/2 grow only so old, and their streams end first", async () => {
    const server = await startFixture({
      limits: { http2: { connectionAgeMs: 50 } },
      rawHandlers: {
        "/slow": async (_request, response) => {
          // Longer than a connection may grow old.
          await new Promise((resolve) => setTimeout(resolve, 100));
          response.end("whole");
        },
      },
    });
    const session = connectHttp2(server.url);
    const gone = new Promise((resolve) => session.once("close", () => resolve("closed")));
    const stream = session.request({ ":path": "/slow" });
    let body = "";
    stream.on("data", (chunk) => {
      body += chunk;
    });
    expect(await gone).toBe("closed");
    expect(body).toBe("whole");
  });

  it("over HTTP/2 that idle are closed", async () => {
    const server = await startFixture({ limits: { http2: { idleTimeoutMs: 50 } } });
    const session = connectHttp2(server.url);
    expect(await new Promise((resolve) => session.once("close", () => resolve("closed")))).toBe("closed");
  });

  it("tell HTTP/2 clients the windows and limits", async () => {
    const server = await startFixture();
    const session = connectHttp2(server.url);
    const settings = await new Promise((resolve) => session.once("remoteSettings", resolve));
    expect(settings).toMatchObject({
      initialWindowSize: 4_194_304,
      maxConcurrentStreams: 256,
      maxHeaderListSize: 16_384,
    });
    session.destroy();
  });

  it("with headers over the limit are refused", async () => {
    const server = await startFixture();
    const answer = await fetch(`${server.url}/`, { headers: { "x-big": "x".repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  it("over HTTP/2 on which a unary call's message trickles in for too long have that call cut off", async () => {
    const server = await startFixture({ limits: { requestTimeoutMs: 60 } });
    const session = connectHttp2(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/millrace.config.v1.ProjectService/GetProject",
      "content-type": "application/json",
      ...bearer("report-key"),
    });
    stream.on("error", () => {}).resume();
    const status = new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
    stream.write("{");
    expect(await status).toBe(504);
    await new Promise((resolve) => stream.once("close", resolve));
    session.destroy();
  });
});
