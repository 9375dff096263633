import { type Client, ConnectError } from "@connectrpc/connect";
import type { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { Backoff } from "./backoff.ts";
import type { SnapshotLog } from "./snapshot.ts";

/** Who is told of changes. */
export type ChangeListener = {
  /** A watch has begun: what changed before it was not told. */
  readonly began: () => void;
  /** The watch is over for now. */
  readonly ended: () => void;
  readonly projectChanged: (projectId: string) => void;
  readonly keyChanged: (keyId: string) => void;
};

/**
 * Watches config's changes until the signal aborts, beginning anew whenever a stream ends.
 *
 * @param random gives numbers in [0, 1), for the pauses between attempts
 */
export async function watchChanges(
  client: Client<typeof SnapshotService>,
  listener: ChangeListener,
  options: { backoffMsMax: number; random: () => number; log: SnapshotLog | undefined; signal: AbortSignal },
): Promise<void> {
  const { signal, log } = options;
  const backoff = new Backoff(options.backoffMsMax, options.random);
  while (!signal.aborted) {
    let reason = "the stream ended";
    let began = false;
    try {
      for await (const change of client.watchChanges({}, { signal })) {
        if (!began) {
          began = true;
          backoff.reset();
          listener.began();
        }
        for (const id of change.projectIds) listener.projectChanged(id);
        for (const id of change.keyIds) listener.keyChanged(id);
      }
    } catch (error) {
      reason = ConnectError.from(error).message;
    }
    listener.ended();
    if (signal.aborted) return;
    log?.warn({ reason }, "the watch of configuration ended; what is known is served until it is back");
    // Only the abort ends a pause early, and the loop asks for it.
    await backoff.pause(signal).catch(() => {});
  }
}
