import type cassandra from "cassandra-driver";

/*
 * Two faults of cassandra-driver 4.10 are mended here, on the client's own objects. Where a later version names these
 * otherwise, nothing is changed, and test/backends shows whether they are still there.
 */

type Connection = { close(done: () => void): void };
/** What is used of the driver's own connection, by which it asks for the cluster and hears of its changes. */
type ControlConnection = {
  _createConnection?(contactPoint: string): Promise<Connection>;
  _refresh?(hosts?: unknown): Promise<void>;
  _setHealthListeners?(host: unknown, connection: unknown): void;
  readonly _isShuttingDown?: boolean;
  shutdown?(): void;
};

const REFRESH_AGAIN_MS = 1_000;

/**
 * The control connection belongs to a host's pool only once the cluster is known: where it is refused before that (the data
 * centre is another one, a question is not answered) nothing closes it, `shutdown` does nothing, and the socket with its
 * heartbeat keeps the process from ending. So each is remembered as it is made.
 *
 * @returns what ends everything; to be called where `connect` has failed
 */
export function rememberConnections(client: cassandra.Client): () => Promise<void> {
  const opened = new Set<Connection>();
  const control = controlConnectionOf(client);
  const create = control?._createConnection?.bind(control);
  if (control !== undefined && create !== undefined) {
    control._createConnection = async (contactPoint) => {
      const connection = await create(contactPoint);
      opened.add(connection);
      return connection;
    };
  }
  return async () => {
    // It never connected, which is what `connect` has told already.
    await client.shutdown().catch(() => {});
    control?.shutdown?.();
    await Promise.all([...opened].map((connection) => new Promise<void>((closed) => connection.close(closed))));
  };
}

/**
 * When the control connection is lost and no other is there, the driver listens twice to the one that it makes. When that
 * one is lost it reconnects twice at once, each takes away what the other has, and the error, which nobody catches, ends the
 * process (NODEJS-681). So one reconnection is made at a time, each listens once, and none throws.
 */
export function reconnectOnce(client: cassandra.Client): void {
  const control = controlConnectionOf(client);
  const refresh = control?._refresh?.bind(control);
  const listen = control?._setHealthListeners?.bind(control);
  if (control === undefined || refresh === undefined || listen === undefined) return;
  let running: Promise<void> | undefined;
  let isAskedAgain = false;
  let listenedTo: unknown;

  const run = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      listenedTo = undefined;
      try {
        await refresh();
      } catch {
        if (!control._isShuttingDown) setTimeout(() => void control._refresh?.(), REFRESH_AGAIN_MS).unref();
      }
    } while (isAskedAgain);
    running = undefined;
  };
  control._refresh = (hosts) => {
    // With hosts: a reconnection's own next attempt.
    if (hosts !== undefined) return refresh(hosts);
    if (running !== undefined) isAskedAgain = true;
    running ??= run();
    return running;
  };
  control._setHealthListeners = (host, connection) => {
    if (running !== undefined && connection === listenedTo) return;
    listenedTo = connection;
    listen(host, connection);
  };
}

function controlConnectionOf(client: cassandra.Client): ControlConnection | undefined {
  return (client as unknown as { readonly controlConnection?: ControlConnection }).controlConnection;
}
