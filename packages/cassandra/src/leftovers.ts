import type cassandra from "cassandra-driver";

/** What the driver opens before it knows whether a cluster is as configured. */
type Connection = { close(done: () => void): void };
type ControlConnection = {
  _createConnection?(contactPoint: string): Promise<Connection>;
  shutdown?(): void;
};

/**
 * Ends what a driver leaves behind that could not connect. The connection with which it asks for the cluster belongs to a
 * host's pool only once the cluster is known: where it is refused before that (the data centre is another one, a
 * question is not answered) nothing closes it, `shutdown` does nothing, and the socket with its heartbeat keeps the process
 * from ending. So each is remembered as it is made.
 *
 * @returns what ends everything; to be called where `connect` has failed
 */
export function rememberConnections(client: cassandra.Client): () => Promise<void> {
  const opened = new Set<Connection>();
  const { controlConnection } = client as unknown as { readonly controlConnection?: ControlConnection };
  const create = controlConnection?._createConnection?.bind(controlConnection);
  if (controlConnection !== undefined && create !== undefined) {
    controlConnection._createConnection = async (contactPoint) => {
      const connection = await create(contactPoint);
      opened.add(connection);
      return connection;
    };
  }
  return async () => {
    await client.shutdown().catch(() => {});
    controlConnection?.shutdown?.();
    await Promise.all([...opened].map((connection) => new Promise<void>((closed) => connection.close(closed))));
  };
}
