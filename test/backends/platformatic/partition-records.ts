import type { LogRecord } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { fetchV17, listOffsetsV9 } from "@platformatic/kafka";
import { type Cluster, isBrokerError } from "./cluster.ts";

const EARLIEST = -2n;
const LATEST = -1n;
const FETCH_BYTES = 8 * 1024 * 1024;
const READ_COMMITTED = 1;

/** What a fetch brought: records from the offset on, and the offset after the last one that is there. */
export type Fetched = { readonly records: readonly LogRecord[]; readonly end: number };

/** Asks the leader for records. Waits up to `waitMs` where there are none. */
export async function fetchRecords(
  cluster: Cluster,
  { lane, partition, offset, waitMs }: { lane: string; partition: number; offset: number; waitMs: number },
): Promise<Fetched> {
  const response = await cluster
    .atLeader(partition, ({ broker, topicId, leaderEpoch: currentLeaderEpoch }) => {
      const fetchOffset = BigInt(offset);
      const wanted = {
        partition,
        currentLeaderEpoch,
        fetchOffset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: FETCH_BYTES,
      };
      const topics = [{ topicId, partitions: [wanted] }];
      return cluster.call(lane, broker, fetchV17.api, waitMs, 1, FETCH_BYTES, READ_COMMITTED, 0, -1, topics, [], "");
    })
    .catch((error: unknown) => {
      if (!isBrokerError(error, "OFFSET_OUT_OF_RANGE")) throw error;
      throw new Failure("outOfRange", "DATA_CORRUPT", "the offset is not kept", { cause: error });
    });
  const { records: batches = [], highWatermark } = response.responses[0]!.partitions[0]!;
  const records: LogRecord[] = [];
  for (const { firstOffset, maxTimestamp, records: batch } of batches) {
    for (const { offsetDelta, value } of batch) {
      const at = Number(firstOffset) + offsetDelta;
      // With LogAppendTime the batch has the one time of all its records.
      if (at >= offset)
        records.push({ offset: at, appendTimeMs: Number(maxTimestamp), value: value ?? new Uint8Array(0) });
    }
  }
  return { records, end: Number(highWatermark) };
}

/** The oldest offset kept, and the next one. */
export async function boundsOf(cluster: Cluster, partition: number): Promise<{ first: number; end: number }> {
  const ask = async (timestamp: bigint): Promise<number> => {
    const response = await cluster.atLeader(partition, ({ broker, leaderEpoch: currentLeaderEpoch }) => {
      const topics = [
        { name: cluster.topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch, timestamp }] },
      ];
      return cluster.call("control", broker, listOffsetsV9.api, -1, READ_COMMITTED, topics);
    });
    return Number(response.topics[0]!.partitions[0]!.offset);
  };
  const [first, end] = await Promise.all([ask(EARLIEST), ask(LATEST)]);
  return { first: first!, end: end! };
}
