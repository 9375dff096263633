/** A mesh whose connections to servers can be disturbed, each by itself. */
import { launchMesh, type Mesh } from "@millrace/harness/mesh";
import { cassandraServer, type OwnServers, ownKafka, redisServer } from "@millrace/harness/servers";
import { ANSWERS_LOST, BLACK_HOLE, type Manners, TcpProxy } from "@millrace/harness/tcp-proxy";

/** What connects a service with a server. */
export const LINKS = [
  "ingest-Kafka",
  "processing-Kafka",
  "processing-Cassandra",
  "processing-claims",
  "reporting-Cassandra",
  "config-Cassandra",
] as const;

/** The name of a link. */
export type LinkName = (typeof LINKS)[number];

/** Something that happens to a link. */
export type Fault = {
  /** What is done to its connections; "forget": those that there are hang for good, and new ones pass. */
  readonly manners: Manners | "forget";
  /** Whether no request is answered meanwhile. */
  readonly silences: boolean;
  /** Whether new connections must be made. */
  readonly breaks: boolean;
};

/** What is tried. */
export const FAULTS = {
  "black hole": { manners: BLACK_HOLE, silences: true, breaks: false },
  "black hole on the way there": { manners: { toServer: { flow: "hold" } }, silences: true, breaks: false },
  "black hole on the way back": { manners: { toClient: { flow: "hold" } }, silences: true, breaks: false },
  "answers lost": { manners: ANSWERS_LOST, silences: true, breaks: true },
  "reset after requests": { manners: { toServer: { resetAfterBytes: 1_000 } }, silences: false, breaks: true },
  "reset within answers": { manners: { toClient: { resetAfterBytes: 700 } }, silences: false, breaks: true },
  "connections forgotten": { manners: "forget", silences: false, breaks: true },
  latency: { manners: bothWays({ latencyMs: 150, jitterMs: 100 }), silences: false, breaks: false },
  "slow reads": { manners: { toClient: { bytesPerSecond: 4_000 } }, silences: false, breaks: false },
} as const satisfies Record<string, Fault>;

/** The name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** A mesh of one process of each service, with a proxy on every link. */
export class LinkedMesh implements AsyncDisposable {
  readonly mesh: Mesh;
  readonly proxies: Readonly<Record<LinkName, TcpProxy>>;
  readonly #kafka: OwnServers;

  private constructor(mesh: Mesh, proxies: Readonly<Record<LinkName, TcpProxy>>, kafka: OwnServers) {
    this.mesh = mesh;
    this.proxies = proxies;
    this.#kafka = kafka;
  }

  /** Brokers tell of themselves by the way that one came, so Kafka is the mesh's own; the rest are the servers of the run. */
  static async start(): Promise<LinkedMesh> {
    const [kafka, cassandra, redis] = await Promise.all([
      ownKafka({ proxied: true, ways: 2 }),
      cassandraServer(),
      redisServer(),
    ]);
    const [contactPoint = ""] = cassandra.contactPoints;
    const toCassandra = () => TcpProxy.open(contactPoint);
    const [broker] = kafka.nodes;
    const proxies: Record<LinkName, TcpProxy> = {
      "ingest-Kafka": broker!.proxies[0]!,
      "processing-Kafka": broker!.proxies[1]!,
      "processing-Cassandra": await toCassandra(),
      "processing-claims": await TcpProxy.open(new URL(redis.url).host),
      "reporting-Cassandra": await toCassandra(),
      "config-Cassandra": await toCassandra(),
    };
    const cassandraBy = (link: LinkName) => ({ MILLRACE_CASSANDRA_CONTACT_POINTS: proxies[link].address });
    const kafkaBy = (link: LinkName) => ({ MILLRACE_KAFKA_BROKERS: proxies[link].address });
    const mesh = await launchMesh({
      counts: { config: 1, ingest: 1, processing: 1, reporting: 1, dashboard: 1 },
      servers: { brokers: [broker!.address] },
      env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
      envOf: {
        ingest: kafkaBy("ingest-Kafka"),
        processing: {
          ...kafkaBy("processing-Kafka"),
          ...cassandraBy("processing-Cassandra"),
          MILLRACE_CLAIMS_URL: `redis://${proxies["processing-claims"].address}`,
        },
        reporting: cassandraBy("reporting-Cassandra"),
        config: cassandraBy("config-Cassandra"),
      },
    });
    return new LinkedMesh(mesh, proxies, kafka);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh.dispose();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
    await this.#kafka.dispose();
  }
}

function bothWays(manner: NonNullable<Manners["toServer"]>): Manners {
  return { toServer: manner, toClient: manner };
}
