import { createServer } from "node:http2";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { Code, createClient } from "@connectrpc/connect";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, errorOf, startFixture } from "../../server/fixture.ts";
import type { RunningServer } from "../../server/server-options.ts";
import { writeAnswer } from "../../server/write-answer.ts";
import { ClientPool, type PoolOptions } from "./client-pool.ts";
import { createPooledTransport } from "./pooled-transport.ts";

/** A replica that tells its own port, and the port that the connection came from. */
function startReplica(port = 0): Promise<RunningServer> {
  return startFixture({
    port,
    rawHandlers: {
      "/who": async (request, response) => {
        await text(request);
        const body = `${request.socket.localPort} ${request.socket.remotePort}`;
        writeAnswer(response, { status: 200, headers: {}, body });
      },
    },
  });
}

function poolOf(options: PoolOptions): ClientPool {
  const pool = new ClientPool(options);
  onTestFinished(() => pool.close());
  return pool;
}

/** Asks once; gives which replica answered, and over which connection. */
async function ask(pool: ClientPool): Promise<{ replica: number; connection: number }> {
  const stream = await pool.request("GET", "/who", {});
  stream.end();
  const [replica, connection] = (await text(stream)).split(" ").map(Number);
  return { replica: replica!, connection: connection! };
}

async function countReplicas(pool: ClientPool, calls: number): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (let i = 0; i < calls; i++) {
    const { replica } = await ask(pool);
    counts.set(replica, (counts.get(replica) ?? 0) + 1);
  }
  return counts;
}

describe("calls to several replicas", () => {
  it("go to each in turn, over one connection to each", async () => {
    const replicas = await Promise.all([startReplica(), startReplica(), startReplica()]);
    const pool = poolOf({ urls: replicas.map(({ url }) => url) });
    const connections = new Set<number>();
    const counts = new Map<number, number>();
    for (let i = 0; i < 12; i++) {
      const { replica, connection } = await ask(pool);
      counts.set(replica, (counts.get(replica) ?? 0) + 1);
      connections.add(connection);
    }
    expect([...counts.values()]).toEqual([4, 4, 4]);
    expect(connections.size).toBe(3);
  });

  it("go on without a failure when one is gone, and reach it again when it is back", async () => {
    const [one, other] = await Promise.all([startReplica(), startReplica()]);
    const clock = { ms: 0 };
    const urls = [one.url, other.url];
    const transport = createPooledTransport({ urls, now: () => clock.ms, random: () => 0 });
    onTestFinished(() => transport.close());
    const client = createClient(ProjectService, transport);
    const call = () => client.getProject({ projectId: "p" }, { headers: bearer("admin-key") });
    for (let i = 0; i < 4; i++) await call();
    await other.close();
    for (let i = 0; i < 10; i++) await call();
    const again = await startReplica(other.port);
    const pool = poolOf({ urls, now: () => clock.ms });
    expect(await countReplicas(pool, 4)).toEqual(
      new Map([
        [one.port, 2],
        [again.port, 2],
      ]),
    );
  });

  it("fail as unavailable where none can be reached", async () => {
    const replica = await startReplica();
    await replica.close();
    const pool = poolOf({ urls: [replica.url] });
    const error = await errorOf(pool.request("GET", "/who", {}));
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: `${replica.url} can not be reached` });
  });

  it("follow the addresses that a name has, and keep them while the name can not be resolved", async () => {
    const [one, other] = await Promise.all([startReplica(), startReplica()]);
    const known = new Map([
      ["a", ["127.0.0.1"]],
      ["b", [] as string[]],
    ]);
    let isBroken = false;
    const pool = poolOf({
      urls: [`http://a:${one.port}`, `http://b:${other.port}`],
      async resolve(host) {
        if (isBroken) throw new Error("no answer");
        return known.get(host)!.map((address) => ({ address, family: 4 }));
      },
    });
    expect(await countReplicas(pool, 4)).toEqual(new Map([[one.port, 4]]));
    known.set("b", ["127.0.0.1"]);
    await pool.refresh();
    expect((await countReplicas(pool, 4)).size).toBe(2);
    isBroken = true;
    await pool.refresh();
    expect((await countReplicas(pool, 4)).size).toBe(2);
    isBroken = false;
    known.set("a", []);
    await pool.refresh();
    expect(await countReplicas(pool, 4)).toEqual(new Map([[other.port, 4]]));
  });

  it("move to a new connection when the old one has its age, and let what is under way end", async () => {
    const replica = await startReplica();
    const clock = { ms: 0 };
    const pool = poolOf({ urls: [replica.url], now: () => clock.ms, limits: { ageMs: 1_000 }, random: () => 0.5 });
    const early = await pool.request("POST", "/who", {});
    const earlyAnswer = text(early);
    const { connection } = await ask(pool);
    clock.ms = 999;
    expect((await ask(pool)).connection).toBe(connection);
    clock.ms = 1_000;
    const later = await ask(pool);
    expect(later.connection).not.toBe(connection);
    early.end();
    expect(await earlyAnswer).toBe(`${replica.port} ${connection}`);
  });

  it("are not held up by an address that accepts connections and says nothing", async () => {
    const silent = createTcpServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    onTestFinished(() => void silent.close());
    const replica = await startFixture();
    const transport = createPooledTransport({
      urls: [`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, replica.url],
      limits: { pingIntervalMs: 100, pingTimeoutMs: 100 },
      random: () => 0,
    });
    onTestFinished(() => transport.close());
    const client = createClient(ProjectService, transport);
    for (let i = 0; i < 4; i++) {
      const { project } = await client.getProject(
        { projectId: "p" },
        { headers: bearer("admin-key"), timeoutMs: 5_000 },
      );
      expect(project).toMatchObject({ projectId: "p" });
    }
  });
});

describe("a call that the other side never saw", () => {
  it("is made again, also where it changes something", async () => {
    let refused = 0;
    const replica = await startFixture();
    const server = createServer().on("stream", (stream) => {
      refused++;
      stream.on("error", () => {});
      stream.close(7 /* REFUSED_STREAM */);
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => void server.close());
    const urls = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, replica.url];
    const transport = createPooledTransport({ urls, random: () => 0 });
    onTestFinished(() => transport.close());
    // The fixture does not have this method, and says so: it was asked.
    const create = createClient(ProjectService, transport).createProject(
      { project: { projectId: "p" } },
      { headers: bearer("admin-key") },
    );
    expect((await errorOf(create)).code).toBe(Code.Unimplemented);
    expect(refused).toBe(1);
  });
});

describe("a replica that says goodbye on connections where nothing is under way", () => {
  it("is asked over new ones, and no error that nobody hears ends the process", async () => {
    let goodbyes = 0;
    const server = createServer().on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200 });
      stream.end("here");
      const { session } = stream;
      const sayGoodbye = () => {
        goodbyes++;
        session?.close();
      };
      stream.once("close", () => setTimeout(sayGoodbye, 1));
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => void server.close());
    const pool = poolOf({ urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
    for (let i = 0; i < 400; i++) {
      const stream = await pool.request("GET", "/", {});
      stream.end();
      // One that was refused unseen is made again by whoever calls.
      await text(stream).catch(() => {});
      // At any turn of the old connection's end.
      const untilMs = performance.now() + 1 + (i % 10) / 5;
      while (performance.now() < untilMs) await new Promise(setImmediate);
    }
    expect(goodbyes).toBeGreaterThan(100);
  });
});
