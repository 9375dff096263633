import { Failure } from "@millrace/failure";
import { adviceFor, kafkaFailure } from "../kafka-failure.ts";
import type { ClusterLink } from "./cluster-link.ts";

/** The oldest offset kept, and the offset that the next record will get. */
export type Bounds = { readonly first: number; readonly end: number };

const DEADLINE_MS = 5_000;
const PATIENCE_MS = 5_000;
const BACKOFF_MS = 100;

/** Asks brokers where partitions begin and end, who leads them, and how far groups are. */
export class PartitionOffsets {
  readonly #link: ClusterLink;
  readonly #topic: string;

  constructor(link: ClusterLink, topic: string) {
    this.#link = link;
    this.#topic = topic;
  }

  /** The broker that leads each partition. Partitions without one are left out. */
  leaders(): Promise<Map<number, string>> {
    return this.#link.use("finding the leaders", DEADLINE_MS, async (cluster) => {
      await cluster.refreshMetadata();
      const leaders = new Map<number, string>();
      for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(this.#topic)) {
        if (leader >= 0) leaders.set(partitionId, String(leader));
      }
      return leaders;
    });
  }

  async bounds(partition: number): Promise<Bounds> {
    return (await this.boundsOf([partition])).get(partition)!;
  }

  /** @throws Failure `unavailable` when not all could be had */
  async boundsOf(partitions: readonly number[]): Promise<Map<number, Bounds>> {
    return this.#patiently("finding where partitions begin and end", async () => {
      try {
        return await this.#boundsOf(partitions);
      } catch (error) {
        // The leader may have changed: what is asked next is asked of the right one.
        await this.leaders().catch(() => undefined);
        throw error;
      }
    });
  }

  #boundsOf(partitions: readonly number[]): Promise<Map<number, Bounds>> {
    const asked = partitions.map((partition) => ({ partition }));
    return this.#link.use("finding where partitions begin and end", DEADLINE_MS, async (cluster) => {
      const ask = (fromBeginning: boolean) =>
        cluster.fetchTopicsOffset([{ topic: this.#topic, partitions: asked, fromBeginning }]);
      const [ends, firsts] = await Promise.all([ask(false), ask(true)]);
      const bounds = new Map<number, Bounds>();
      for (const partition of partitions) {
        const first = offsetOf(firsts, partition);
        const end = offsetOf(ends, partition);
        if (first === undefined || end === undefined) {
          throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `Partition ${partition} has no leader now.`);
        }
        bounds.set(partition, { first, end: Math.max(first, end) });
      }
      return bounds;
    });
  }

  /** The committed offsets of a group; -1 where there is none. */
  async committed(group: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const topics = [{ topic: this.#topic, partitions: partitions.map((partition) => ({ partition })) }];
    const { responses } = await this.#patiently("finding how far a group is", () =>
      this.#link.useCoordinator(group, "finding committed offsets", DEADLINE_MS, (coordinator) =>
        coordinator.offsetFetch({ groupId: group, topics }),
      ),
    );
    return new Map(partitions.map((partition) => [partition, offsetOf(responses, partition) ?? -1]));
  }

  /** Brokers that have just become leaders or coordinators, or will soon, are asked again for a while. */
  async #patiently<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (performance.now() >= deadlineMs || isClosed(error) || adviceFor(error) !== undefined)
          throw kafkaFailure(error, doing);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
      }
    }
  }
}

type Offsets = readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[];

function offsetOf(topics: Offsets, partition: number): number | undefined {
  const found = topics.flatMap(({ partitions }) => partitions).find((each) => each.partition === partition);
  return found === undefined ? undefined : Number(found.offset);
}

function isClosed(error: unknown): boolean {
  return error instanceof Failure && error.reason === "CLOSED";
}
