import type { Transport } from "@connectrpc/connect";
import { createPooledTransport, type PooledTransport, type PooledTransportOptions } from "./pooled-transport.ts";
import { resolveByDns, type Target, targetName, targetsOf } from "./resolve-addresses.ts";

/** One replica of a service. */
export type Peer = {
  /** Such as "10.0.3.17:8080". */
  readonly address: string;
  readonly transport: Transport;
};

/** Transports to each replica of a service by itself, for questions that every one of them must be asked. */
export type PeerTransports = {
  /** All replicas, as of now. Fails when a name can not be resolved. */
  readonly list: () => Promise<readonly Peer[]>;
  /** Breaks off all that is under way. Idempotent. */
  readonly close: () => void;
};

/** Makes the transports to replicas: of each URL, one to each address that its name has when it is asked. */
export function createPeerTransports(options: PooledTransportOptions): PeerTransports {
  const { urls, resolve = resolveByDns } = options;
  const transports = new Map<string, PooledTransport>();
  return {
    async list() {
      const targets = (await Promise.all(urls.map((url) => targetsOf(url, resolve)))).flat();
      const peers = targets.map((target) => {
        const name = targetName(target);
        const transport = transports.get(name) ?? transportTo(target, options);
        transports.set(name, transport);
        return { name, address: addressOf(target), transport };
      });
      const kept = new Set(peers.map(({ name }) => name));
      for (const [name, transport] of transports) {
        if (kept.has(name)) continue;
        transports.delete(name);
        transport.close();
      }
      return peers;
    },
    close() {
      for (const transport of transports.values()) transport.close();
    },
  };
}

function transportTo({ origin, address, family }: Target, options: PooledTransportOptions): PooledTransport {
  return createPooledTransport({ ...options, urls: [origin], resolve: async () => [{ address, family }] });
}

function addressOf({ origin, address, family }: Target): string {
  const { port, protocol } = new URL(origin);
  const host = family === 6 ? `[${address}]` : address;
  return `${host}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}
