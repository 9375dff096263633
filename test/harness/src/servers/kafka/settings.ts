/** A broker that is a controller too, one of those that the ports of all controllers stand for. */
export type Broker = {
  /** From 1 on. */
  readonly id: number;
  readonly port: number;
  /** Of every broker of the cluster, in the order of their ids. */
  readonly controllerPorts: readonly number[];
  readonly data: string;
  /** More places to listen at. Whoever comes by one of them is told to reach the broker through a proxy at `advertised`, a host:port. */
  readonly proxied?: readonly { readonly port: number; readonly advertised: string }[];
  /** More lines of server.properties, which replace those of the same name. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
};

/**
 * The text of server.properties for a broker. Topics are made by those who need them, as in production, and a group that
 * begins waits for nobody. Of three brokers two must have what is acknowledged, and one that is gone is soon missed.
 */
export function settingsOf({ id, port, controllerPorts, data, proxied = [], settings: more = {} }: Broker): string {
  const voters = controllerPorts.map((controllerPort, index) => `${index + 1}@127.0.0.1:${controllerPort}`);
  const replicas = voters.length;
  const replicasMin = Math.min(replicas, 2);
  const plain = `PLAINTEXT://127.0.0.1:${port}`;
  const settings = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": voters.join(","),
    "controller.listener.names": "CONTROLLER",
    listeners: [
      plain,
      ...proxied.map(({ port: behind }, way) => `${listenerOf(way)}://127.0.0.1:${behind}`),
      `CONTROLLER://127.0.0.1:${controllerPorts[id - 1]}`,
    ].join(","),
    "advertised.listeners": [plain, ...proxied.map(({ advertised }, way) => `${listenerOf(way)}://${advertised}`)].join(
      ",",
    ),
    "listener.security.protocol.map": [
      "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
      ...proxied.map((_, way) => `${listenerOf(way)}:PLAINTEXT`),
    ].join(","),
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": data,

    "auto.create.topics.enable": false,
    "message.max.bytes": 2 * 1024 * 1024,
    "group.initial.rebalance.delay.ms": 0,
    "default.replication.factor": replicas,
    "min.insync.replicas": replicasMin,
    "unclean.leader.election.enable": false,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": replicasMin,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": replicasMin,

    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "controller.quorum.election.timeout.ms": 500,
    "controller.quorum.fetch.timeout.ms": 1_000,
    "replica.lag.time.max.ms": 5_000,
    // A controller with nothing to write writes that twice a second, which is a third of what an idle broker does.
    "metadata.max.idle.interval.ms": 5_000,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    ...more,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** The first is PROXIED, the next PROXIED2. */
function listenerOf(way: number): string {
  return way === 0 ? "PROXIED" : `PROXIED${way + 1}`;
}
