import { launchMesh, type Mesh, type MeshOptions } from "@millrace/harness/mesh";
import { cassandraServer, type OwnServers, ownKafka, redisServer } from "@millrace/harness/servers";
import { BLACK_HOLE, TcpProxy } from "@millrace/harness/tcp-proxy";

/** Something that goes away, and comes back. */
export type Outage = {
  readonly name: string;
  /** Whether a process of ingest that starts meanwhile can not learn of keys. */
  readonly hidesKeys: boolean;
  /** Whether reporting answers questions meanwhile; undefined: it is what is away. */
  readonly answers: boolean | undefined;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
};

/** A mesh with a Kafka of its own, and a proxy in front of each other server, and of config as ingest sees it. */
export class ProxiedMesh {
  readonly mesh: Mesh;
  readonly kafka: OwnServers;
  readonly cassandra: TcpProxy;
  readonly claims: TcpProxy;
  readonly cache: TcpProxy;
  readonly config: TcpProxy;

  private constructor(mesh: Mesh, kafka: OwnServers, [cassandra, claims, cache, config]: readonly TcpProxy[]) {
    this.mesh = mesh;
    this.kafka = kafka;
    this.cassandra = cassandra!;
    this.claims = claims!;
    this.cache = cache!;
    this.config = config!;
  }

  static async start(options: MeshOptions = {}): Promise<ProxiedMesh> {
    const [kafka, { contactPoints, localDataCenter }, { url }] = await Promise.all([
      ownKafka(),
      cassandraServer(),
      redisServer(),
    ]);
    const redis = new URL(url).host;
    const [cassandra, claims, cache, config] = await Promise.all(
      // Where config will be is known once it runs.
      [contactPoints[0]!, redis, redis, "127.0.0.1:1"].map((target) => TcpProxy.open(target)),
    );
    const proxies = [cassandra!, claims!, cache!, config!];
    try {
      const mesh = await launchMesh({
        counts: { processing: 1, config: 1, reporting: 1, dashboard: 1 },
        ...options,
        servers: {
          brokers: kafka.addresses,
          contactPoints: [cassandra!.address],
          localDataCenter,
          claimsUrl: `redis://${claims!.address}`,
          cacheUrl: `redis://${cache!.address}`,
        },
        envOf: { ingest: { MILLRACE_CONFIG_URL: `http://${config!.address}` } },
      });
      config!.target = new URL(mesh.process("config-1").url).host;
      return new ProxiedMesh(mesh, kafka, proxies);
    } catch (error) {
      await Promise.all([kafka.dispose(), ...proxies.map((proxy) => proxy.close())]);
      throw error;
    }
  }

  /** Everything that ingest can be without. Each hangs: connections stay, and nobody answers. */
  get outages(): Outage[] {
    const { cassandra, claims, cache, config } = this;
    const cassandraAway = hole([cassandra]);
    return [
      { name: "Redis is away", hidesKeys: false, answers: true, ...hole([claims, cache]) },
      {
        name: "Cassandra is away, and watches of config begin anew",
        hidesKeys: true,
        answers: false,
        begin: async () => {
          await cassandraAway.begin();
          // Whoever was watching has to take everything for changed, and can read nothing.
          config.cut();
        },
        end: cassandraAway.end,
      },
      { name: "processing is away", hidesKeys: false, answers: true, ...this.#frozen("processing-1") },
      { name: "reporting is away", hidesKeys: false, answers: undefined, ...this.#frozen("reporting-1") },
      { name: "config is away", hidesKeys: true, answers: true, ...this.#frozen("config-1") },
    ];
  }

  async dispose(): Promise<void> {
    await this.mesh.dispose();
    await this.kafka.dispose();
    await Promise.all([this.cassandra, this.claims, this.cache, this.config].map((proxy) => proxy.close()));
  }

  #frozen(name: string): Pick<Outage, "begin" | "end"> {
    return { begin: async () => this.mesh.freeze(name), end: async () => this.mesh.thaw(name) };
  }
}

function hole(proxies: readonly TcpProxy[]): Pick<Outage, "begin" | "end"> {
  const become = (manners: typeof BLACK_HOLE) => async () => {
    await Promise.all(proxies.map((proxy) => proxy.become(manners)));
  };
  return { begin: become(BLACK_HOLE), end: become({}) };
}
