import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { type Certificates, makeCertificatesIn } from "@millrace/harness/certificates";
import { type OwnServers, ownCassandra } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import cassandra from "cassandra-driver";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { testCluster } from "./cassandra-address.ts";
import { securedKafka } from "./secured-kafka.ts";
import { securedRedis } from "./secured-redis.ts";
import { startSecuredServices } from "./secured-services.ts";

const admin = { username: "cassandra", password: "cassandra" };
const folder = mkdtempSync(join(tmpdir(), "millrace-certificates-"));
let server: OwnServers;
let own: Certificates;
let strangers: Certificates;
const pem = (file: string) => readFileSync(file, "utf8");

/** A Cassandra as nobody should run it in one respect only: its commit log is written once in a while. */
beforeAll(async () => {
  own = await makeCertificatesIn(folder);
  strangers = await makeCertificatesIn(mkdtempSync(join(folder, "other-")));
  server = await ownCassandra({
    commitlogSync: "periodic",
    authenticator: "PasswordAuthenticator",
    settings: {
      authorizer: "CassandraAuthorizer",
      client_encryption_options: {
        enabled: true,
        // So that the harness's question, which is a plain one, is answered too.
        optional: true,
        require_client_auth: true,
        ssl_context_factory: {
          class_name: "org.apache.cassandra.security.PEMBasedSslContextFactory",
          parameters: {
            private_key: pem(own.keyFile) + pem(own.certificateFile),
            trusted_certificates: pem(own.caFile),
          },
        },
      },
    },
  });
  await until("the first user is there", () => migrateCassandraCellStore({ ...cluster(), replicas }).then(() => true));
});

afterAll(async () => {
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const replicas = { datacenter1: 1 };
const trusted = () => ({ ca: pem(own.caFile), cert: pem(own.certificateFile), key: pem(own.keyFile) });
const cluster = () => ({
  contactPoints: server.addresses,
  localDataCenter: "datacenter1",
  keyspace: "secured",
  credentials: admin,
  tls: trusted(),
});

describe("a Cassandra that is reached by TLS, with a password", () => {
  it("takes blocks of who has both, and warns of what is unsafe in how it is run", async () => {
    const said: string[] = [];
    const store = await openCassandraCellStore({ ...cluster(), onWarning: (message) => said.push(message) });
    const place = { family: "main@1", generation: 1, granularity: "1h", bucket: 60, slot: 0, source: "1:0" };
    const block = { key: { projectId: "p", ...place }, wts: 1, blob: new Uint8Array([1]) };
    await store.writeBlocks([block]);
    expect(await store.readBlocks([block.key])).toEqual([block]);
    await store.close();
    expect(said).toEqual([
      "the keyspace secured keeps 1 of each row: with fewer than 3, no node may fail",
      expect.stringMatching(
        /^Cassandra's commitlog_sync is periodic: a node that is killed forgets .*Set it to batch or group/,
      ),
    ]);
  });

  it("is refused with a wrong password or none, which is said plainly and shown nowhere", async () => {
    const wrong = await problemOf({ credentials: { username: "cassandra", password: "wrong-secret" } });
    expect(wrong.message).toContain("does not accept the user name and password");
    expect(inspect(wrong, { depth: 8 })).not.toContain("wrong-secret");
    const { credentials: _, ...none } = cluster();
    await expect(openCassandraCellStore(none)).rejects.toMatchObject({
      kind: "precondition",
      message: expect.stringContaining("wants a user name and password"),
    });
  });

  it.each([
    ["who does not trust its authority", () => ({ ...trusted(), ca: pem(strangers.caFile) }), "not trusted here"],
    ["who takes it for another host", () => ({ ...trusted(), servername: "other.test" }), "is for another host"],
    ["who shows no certificate", () => ({ ca: pem(own.caFile) }), "it may want a certificate of the client"],
  ])("is refused by or to %s", async (_who, tls, message) => {
    expect((await problemOf({ tls: tls() })).message).toContain(message);
  });

  it("says what a user may not do, and opens for one who may read and write and nothing else", async () => {
    const client = new cassandra.Client({
      contactPoints: server.addresses,
      localDataCenter: "datacenter1",
      credentials: admin,
      sslOptions: trusted(),
      protocolOptions: { maxVersion: 4 },
    });
    await client.connect();
    await client.execute("CREATE ROLE service WITH PASSWORD = 'service' AND LOGIN = true");
    const credentials = { username: "service", password: "service" };
    expect((await problemOf({ credentials })).message).toContain("the user of Cassandra lacks a permission");
    await client.execute("GRANT SELECT ON KEYSPACE secured TO service");
    await client.execute("GRANT MODIFY ON KEYSPACE secured TO service");
    await client.shutdown();
    const said: string[] = [];
    const onWarning = (message: string) => said.push(message);
    const store = await until("the grants are known", () =>
      openCassandraCellStore({ ...cluster(), credentials, onWarning }),
    );
    await store.ready();
    await store.close();
    expect(said.join("\n")).toContain("its user may not read system_views.settings");
  });
});

describe("a Cassandra without TLS", () => {
  it("says that there is none where it is asked for", async () => {
    const plain = await testCluster("plain");
    const opening = openCassandraCellStore({ ...plain, tls: {} });
    await expect(opening).rejects.toMatchObject({ kind: "precondition" });
    await expect(opening).rejects.toThrow("it does not speak TLS at this port");
  });
});

describe("services whose servers all want TLS and a password, and who know each other by certificates", () => {
  it("start by their variables alone, count what is sent, and answer", async () => {
    const redis = await securedRedis(own);
    const kafka = await securedKafka(own, { millrace: "kafka-secret" });
    onTestFinished(() => kafka.dispose());
    const { millrace } = await startSecuredServices({
      MILLRACE_KAFKA_BROKERS: kafka.addresses.join(","),
      MILLRACE_KAFKA_TLS: "true",
      MILLRACE_KAFKA_CA_FILE: own.caFile,
      MILLRACE_KAFKA_SASL_MECHANISM: "scram-sha-512",
      MILLRACE_KAFKA_USERNAME: "millrace",
      MILLRACE_KAFKA_PASSWORD: "kafka-secret",
      MILLRACE_CASSANDRA_CONTACT_POINTS: server.addresses.join(","),
      MILLRACE_CASSANDRA_DATA_CENTER: "datacenter1",
      MILLRACE_CASSANDRA_KEYSPACE: "services",
      MILLRACE_CASSANDRA_USERNAME: admin.username,
      MILLRACE_CASSANDRA_PASSWORD: admin.password,
      MILLRACE_CASSANDRA_TLS: "true",
      MILLRACE_CASSANDRA_TLS_SERVER_NAME: "server.test",
      MILLRACE_CASSANDRA_CA_FILE: own.caFile,
      MILLRACE_CASSANDRA_CERTIFICATE_FILE: own.certificateFile,
      MILLRACE_CASSANDRA_KEY_FILE: own.keyFile,
      MILLRACE_CLAIMS_URL: redis,
      MILLRACE_CACHE_URL: redis,
      MILLRACE_REDIS_CA_FILE: own.caFile,
      MILLRACE_REDIS_CERTIFICATE_FILE: own.certificateFile,
      MILLRACE_REDIS_KEY_FILE: own.keyFile,
    });
    await millrace("project", "create", "shop", "--template", "web");
    const created = await millrace("key", "create", "--project", "shop", "--json");
    const key = /mlr_live_\w+/.exec(created)?.[0] ?? "";
    await millrace("send", "page_view", "--project", "shop", "--key", key, "--user", "ada");
    await until("it is counted", async () => {
      const answer = await millrace("query", "page_views", "--project", "shop", "--last", "1h", "--csv");
      return /\b1\b/.test(answer.split("\n")[1] ?? "");
    });
  });
});

async function problemOf(changed: object): Promise<Error> {
  const problem = await openCassandraCellStore({ ...cluster(), ...changed }).catch((error: unknown) => error);
  expect(problem).toMatchObject({ kind: "precondition", reason: "BACKEND_UNAVAILABLE" });
  return problem as Error;
}
