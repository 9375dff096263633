import { copyFileSync, readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { type Authority, certificatesFolder, makeAuthority } from "@millrace/harness/certificates";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { TlsSettings } from "../env/tls-variables.ts";
import { silentLogger } from "../log/silent-logger.ts";
import { ClientPool } from "../rpc/client-pool/client-pool.ts";
import { createPooledTransport, type PooledTransportOptions } from "../rpc/client-pool/pooled-transport.ts";
import { bearer, errorOf, startFixture } from "../server/fixture.ts";
import { writeAnswer } from "../server/write-answer.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { openServiceTls, type ServiceTls } from "./service-tls.ts";
import { contextOptionsOf } from "./tls-material.ts";

const POLL_MS = 20;
let folder: string;
let authority: Authority;

beforeEach(async () => {
  folder = certificatesFolder();
  authority = await makeAuthority(folder);
});

/** How a process has TLS whose certificate is for these names. */
async function tlsOf(
  name: string,
  of: { by?: Authority; trusts?: Authority; names?: string[] } & Partial<TlsSettings> = {},
) {
  const { by = authority, trusts = authority, names, tlsClients = "any" } = of;
  const issued = await by.issue(name, names && { names });
  return openTls({
    tlsCertificateFile: issued.certificateFile,
    tlsKeyFile: issued.keyFile,
    tlsCaFile: trusts.caFile,
    tlsClients,
  });
}

async function openTls(settings: TlsSettings): Promise<ServiceTls> {
  const { meter } = await createTelemetry({ service: "fixture", version: "1.2.3" });
  const tls = await openServiceTls(settings, { log: silentLogger(), meter, now: () => Date.now(), pollMs: POLL_MS });
  onTestFinished(() => tls.close());
  return tls;
}

function transportOf(options: PooledTransportOptions) {
  const transport = createPooledTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

const getProject = (options: PooledTransportOptions) =>
  createClient(ProjectService, transportOf(options)).getProject(
    { projectId: "p" },
    { headers: bearer("admin-key"), timeoutMs: 5_000 },
  );

describe("a port with a certificate", () => {
  it("speaks every protocol over TLS, HTTP/2 and HTTP/1.1 as ALPN says, and its admin port speaks none", async () => {
    const tls = await tlsOf("server");
    const server = await startFixture({ tls });
    expect(server.url).toMatch(/^https:/);
    const { ca } = contextOptionsOf(tls.current());
    const nodeOptions = { ca };
    for (const transport of [
      createGrpcTransport({ baseUrl: server.url, nodeOptions }),
      createConnectTransport({ baseUrl: server.url, httpVersion: "2", nodeOptions }),
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", nodeOptions }),
      createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1", nodeOptions }),
    ]) {
      const client = createClient(ProjectService, transport);
      const { project } = await client.getProject({ projectId: "p" }, { headers: bearer("admin-key") });
      expect(project?.projectId).toBe("p");
    }
    expect((await fetch(`${server.adminUrl}/livez`)).status).toBe(200);
  });

  it("is drained as any other: what is under way ends, and connections close", async () => {
    const tls = await tlsOf("server");
    const server = await startFixture({ tls });
    const changes = watchChanges({ urls: [server.url], tls });
    await changes.next();
    const next = changes.next();
    await server.drain();
    expect(await next).toMatchObject({ done: true });
  });

  it("does not answer who speaks without TLS", async () => {
    const server = await startFixture({ tls: await tlsOf("server") });
    await expect(fetch(server.url.replace("https", "http"))).rejects.toThrow();
  });
});

describe("a call to an address with https", () => {
  it("is made of a name that has other addresses, and is held to that name", async () => {
    const serverTls = await tlsOf("server", { names: ["DNS:config"] });
    const server = await startFixture({ tls: serverTls });
    const at = (name: string) => ({
      urls: [`https://${name}:${server.port}`],
      tls: serverTls,
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    });
    expect((await getProject(at("config"))).project?.projectId).toBe("p");
    const error = await errorOf(getProject(at("reporting")));
    expect(error).toMatchObject({ code: Code.Unavailable });
    expect(error.rawMessage).toBe(
      `https://reporting:${server.port} can not be reached: its certificate is for another name`,
    );
  });

  it("is not made of whom another authority vouches for", async () => {
    const strangers = await makeAuthority(folder, "strangers");
    const server = await startFixture({ tls: await tlsOf("server", { by: strangers }) });
    const error = await errorOf(getProject({ urls: [server.url], tls: await tlsOf("client") }));
    expect(error.rawMessage).toContain("its certificate is of nobody who is trusted here");
  });

  it("is not made of whose certificate has expired meanwhile", async () => {
    const expired = await authority.issue("server", { days: -1 });
    const tls = await tlsOf("client");
    const [cert, key] = [readFileSync(expired.certificateFile), readFileSync(expired.keyFile)];
    const server = createTlsServer({ cert, key, ALPNProtocols: ["h2"] }).on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const error = await errorOf(getProject({ urls: [`https://127.0.0.1:${port}`], tls }));
    expect(error.rawMessage).toContain("its certificate has expired");
  });

  it("is not made of who speaks no TLS", async () => {
    const server = await startFixture();
    const urls = [server.url.replace("http", "https")];
    expect((await errorOf(getProject({ urls, tls: await tlsOf("client") }))).rawMessage).toContain("no TLS is spoken");
  });
});

describe("a port whose callers must be verified", () => {
  it("takes calls of who shows a certificate of its authority, and of nobody else", async () => {
    const server = await startFixture({ tls: await tlsOf("server", { tlsClients: "verified" }) });
    const urls = [server.url];
    expect((await getProject({ urls, tls: await tlsOf("client") })).project?.projectId).toBe("p");

    const nobody = await openTls({
      tlsCertificateFile: undefined,
      tlsKeyFile: undefined,
      tlsCaFile: authority.caFile,
      tlsClients: "any",
    });
    const none = await errorOf(getProject({ urls, tls: nobody }));
    expect(none.code).toBe(Code.Unavailable);
    expect(none.rawMessage).toContain("it wants a certificate that was not shown");

    const strangers = await makeAuthority(folder, "strangers");
    const strange = await errorOf(getProject({ urls, tls: await tlsOf("stranger", { by: strangers }) }));
    expect(strange.code).toBe(Code.Unavailable);
    expect(strange.rawMessage).toContain(`${server.url} broke off the connection`);
  });

  it("turns away who speaks HTTP/1.1 without one", async () => {
    const server = await startFixture({ tls: await tlsOf("server", { tlsClients: "verified" }) });
    const { ca } = contextOptionsOf((await tlsOf("client")).current());
    const answer = new Promise((resolve, reject) => get(server.url, { ca }, resolve).once("error", reject));
    await expect(answer).rejects.toThrow();
  });
});

describe("a certificate that is renewed", () => {
  it("is shown to whoever comes then, by both sides, while streams go on", async () => {
    const serverTls = await tlsOf("server", { tlsClients: "verified" });
    const clientTls = await tlsOf("client");
    const server = await startFixture({
      tls: serverTls,
      rawHandlers: {
        "/who": async (request, response) => {
          await text(request);
          const caller = (request.socket as TLSSocket).getPeerCertificate();
          writeAnswer(response, { status: 200, headers: {}, body: caller.serialNumber });
        },
      },
    });
    const urls = [server.url];
    const changes = watchChanges({ urls, tls: clientTls });
    await changes.next();
    const pool = new ClientPool({ urls, tls: clientTls });
    onTestFinished(() => pool.close());
    const before = [await whoCalls(pool), await shownBy(server.port)];
    await renew("server", serverTls);
    await renew("client", clientTls);
    const after = [await whoCalls(pool), await shownBy(server.port)];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    // The stream that began before goes on until the server ends it.
    const next = changes.next();
    await server.drain();
    expect(await next).toMatchObject({ done: true });
  });
});

function watchChanges(options: PooledTransportOptions) {
  const client = createClient(SnapshotService, transportOf(options));
  return client.watchChanges({}, { headers: bearer("service-key") })[Symbol.asyncIterator]();
}

/** Makes another certificate, and puts it in the place of the first, the key after it. */
async function renew(name: string, tls: ServiceTls): Promise<void> {
  const changed = new Promise((resolve) => tls.onChange(resolve));
  const { certificateFile, keyFile } = await authority.issue(`${name}-renewed`);
  const first = certificateFile.replace("-renewed", "");
  copyFileSync(certificateFile, first);
  copyFileSync(keyFile, keyFile.replace("-renewed", ""));
  await changed;
}

/** The number of the certificate that the server sees. */
async function whoCalls(pool: ClientPool): Promise<string> {
  const stream = await pool.request("GET", "/who", {});
  stream.end();
  return await text(stream);
}

/** The number of the certificate that the server shows. */
function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }, (_, socket) => {
      const { serialNumber } = (socket as TLSSocket).getPeerCertificate();
      resolve(serialNumber);
      session.destroy();
    });
    session.on("error", reject);
  });
}
