import { createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { createPeerTransports, type PooledTransportOptions } from "@millrace/runtime";
import type { StatusPeer } from "./status/peers.ts";

/** The other processors, found by the addresses of all of them, this one included. */
export function statusPeers(options: PooledTransportOptions) {
  // What is asked of them needs the scope REPORT, which services have only on behalf of somebody.
  const actingFor = { keyId: "processing", projectId: undefined, scopes: new Set([Scope.REPORT]) };
  const transports = createPeerTransports({ ...options, actingFor });
  return {
    async list(): Promise<readonly StatusPeer[]> {
      const peers = await transports.list();
      return peers.map(({ address, transport }) => ({ address, client: createClient(StatusService, transport) }));
    },
    close: () => transports.close(),
  };
}
