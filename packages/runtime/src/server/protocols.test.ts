import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { describe, expect, it } from "vitest";
import { bearer, curlGetProject, startFixture, TRANSPORTS } from "./fixture.ts";
import type { RawHandler } from "./request-listener.ts";

const echo: RawHandler = async (request, response) => {
  response.end(`${request.httpVersion} ${request.method} ${(await text(request)).length}`);
};

function h2Post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url).on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": "/echo" });
    text(stream).then((answer) => {
      session.close();
      resolve(answer);
    }, reject);
    stream.end(body);
  });
}

describe("one public port", () => {
  for (const [name, transport] of Object.entries(TRANSPORTS)) {
    it(`speaks ${name}`, async () => {
      const server = await startFixture();
      const client = createClient(ProjectService, transport(server.url));
      const { project } = await client.getProject({ projectId: "shop" }, { headers: bearer("admin-key") });
      expect(project?.projectId).toBe("shop");
    });
  }

  it("answers JSON to curl, and Connect GET to browsers that cache", async () => {
    const server = await startFixture();
    const answer = await curlGetProject(server, '{"projectId":"shop"}');
    expect(await answer.json()).toEqual({ project: { projectId: "shop" } });
    const query = new URLSearchParams({ encoding: "json", message: '{"projectId":"shop"}' });
    const got = await fetch(`${server.url}/millrace.config.v1.ProjectService/GetProject?${query}`, {
      headers: bearer("admin-key"),
    });
    expect(await got.json()).toEqual({ project: { projectId: "shop" } });
  });

  it("takes a stream of a client to its end", async () => {
    const server = await startFixture();
    const client = createClient(IngestService, TRANSPORTS["gRPC over h2c"](server.url));
    const messages = (async function* () {
      for (let sequence = 1n; sequence <= 20n; sequence++) yield { sequence };
    })();
    expect((await client.stream(messages, { headers: bearer("ingest-key") })).acceptedCount).toBe(20n);
  });

  it("understands 300 connections that each send their request in the first packet", async () => {
    const server = await startFixture({ rawHandlers: { "/echo": echo } });
    const answers: string[] = [];
    for (let round = 0; round < 10; round++) {
      answers.push(...(await Promise.all(Array.from({ length: 30 }, () => h2Post(server.url, "1234567")))));
    }
    expect(answers.filter((answer) => answer === "2.0 POST 7")).toHaveLength(300);
  });

  it("carries bodies beyond the HTTP/2 window of one stream, and large ones over HTTP/1.1", async () => {
    const server = await startFixture({ rawHandlers: { "/echo": echo } });
    const body = "x".repeat(9_000_000);
    expect(await h2Post(server.url, body)).toBe("2.0 POST 9000000");
    const answer = await fetch(`${server.url}/echo`, { method: "POST", body });
    expect(await answer.text()).toBe("1.1 POST 9000000");
  });

  it("understands a request whose bytes come one by one, in either protocol", async () => {
    const server = await startFixture({ rawHandlers: { "/echo": echo } });
    const preface = Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    ]);
    const http1 = Buffer.from("POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab");
    for (const [bytes, expected] of [
      [preface, /^\0\0/],
      [http1, /^HTTP\/1\.1 200 OK/],
    ] as const) {
      const socket = connectTcp(server.port, "127.0.0.1").setNoDelay(true);
      for (const byte of bytes) {
        socket.write(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
      const [first] = (await new Promise<Buffer[]>((resolve) => socket.once("data", (data) => resolve([data])))) as [
        Buffer,
      ];
      expect(first.toString("latin1")).toMatch(expected);
      socket.destroy();
    }
  });

  it("gives every answer the caller's request id, or one of its own where that is not sane", async () => {
    const server = await startFixture();
    const sane = await curlGetProject(server, "{}", { ...bearer("report-key"), "x-request-id": "abc-123" });
    expect(sane.headers.get("x-request-id")).toBe("abc-123");
    const odd = await curlGetProject(server, "{}", { ...bearer("report-key"), "x-request-id": 'a"b c' });
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});
