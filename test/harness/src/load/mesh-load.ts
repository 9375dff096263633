import type { Client } from "@connectrpc/connect";
import type { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { expect } from "vitest";
import { logContent, type Mesh } from "../mesh/index.ts";
import { HABITS, type IngestTarget, Producer } from "./producer.ts";
import { SdkLoad } from "./sdk-load.ts";
import { accountLine, createTicks, expectEveryBucket, expectExactlyOnce, type SentTicks } from "./ticks.ts";

const PROJECT = "ticks";
const BETWEEN_BATCHES_MS = 40;
/** Less than the late window of 48 hours, and more than a day, so that a day is over and stored as one. */
const REACHES_BACK_MS = 40 * 3_600_000;
const COUNTED_WITHIN_MS = 180_000;

/** Producers of every habit, each at all ingest processes by turns, and the client library at the front, until stopped. */
export class MeshLoad {
  readonly producers: readonly Producer[];
  /** The project that it is on. */
  readonly projectId = PROJECT;
  /** The key that it sends and asks with. */
  readonly key: string;
  readonly #mesh: Mesh;
  readonly #sdk: SdkLoad;
  readonly #runs: Promise<unknown>;

  private constructor(mesh: Mesh, key: string, random: () => number) {
    this.#mesh = mesh;
    this.key = key;
    this.producers = HABITS.map((habit) => {
      const reachesBackMs = habit.hasIds ? REACHES_BACK_MS : 0;
      const pace = { random, reachesBackMs, betweenBatchesMs: BETWEEN_BATCHES_MS };
      return new Producer(ingestByTurns(mesh), PROJECT, key, habit, pace);
    });
    this.#sdk = new SdkLoad(mesh.url, key, random);
    this.#runs = Promise.all(this.producers.map((producer) => producer.run(new AbortController().signal)));
    // Whoever waits meanwhile learns of it by `failed`, and the end by `stop`.
    this.#runs.catch(() => {});
  }

  /** Begins to send to a new project. */
  static async start(mesh: Mesh, random: () => number): Promise<MeshLoad> {
    return new MeshLoad(mesh, await createTicks(mesh, PROJECT), random);
  }

  /** Rejects when a producer was told what no retry can mend; never resolves. */
  get failed(): Promise<never> {
    return this.#runs.then(() => new Promise<never>(() => {}));
  }

  /** How many events are acknowledged so far. */
  get acknowledged(): number {
    return [...this.producers, this.#sdk].reduce((sum, { account }) => sum + account.acknowledged, 0);
  }

  /** How many streams and calls failed so far. */
  get failures(): number {
    return this.producers.reduce((sum, { failed }) => sum + failed, 0);
  }

  /** How many events are stored in answers so far. */
  async folded(): Promise<number> {
    return Number((await this.#mesh.status(PROJECT)).balance!.foldedCount);
  }

  /**
   * Stops, waits until everything is acknowledged and counted, and holds every number to the producers' accounts.
   *
   * @param others who else sent to the project, and has ended
   */
  async expectExact(others: readonly SentTicks[] = []): Promise<void> {
    for (const producer of this.producers) producer.stop();
    await this.#runs;
    expect(await this.#sdk.stop()).toMatchObject({ pending: 0, rejected: {}, dropped: {} });
    const all = [...this.producers, this.#sdk, ...others];
    const sent = all.reduce((sum, { account }) => sum + account.sent, 0);
    await this.#mesh.untilCounted(PROJECT, sent, { withinMs: COUNTED_WITHIN_MS, everyMs: 250 });
    const content = await logContent(this.#mesh, PROJECT);
    const { events } = content;
    const ids = content.ids.size;
    expect({ sent, ids }).toEqual({ sent, ids: sent });
    const { foldedCount, duplicateCount, acceptedCount } = await expectExactlyOnce(this.#mesh, PROJECT, all);
    const timed = all.filter((each) => !(each instanceof Producer) || each.habit.hasTimes);
    const buckets = await expectEveryBucket(this.#mesh, PROJECT, timed);
    process.stdout.write(
      `${this.producers.map(accountLine).join("")}  sdk: ${this.#sdk.account.sent} tracked, all acknowledged\n` +
        `  ${sent} sent and acknowledged, ${events} in the log, ${ids} ids: ${foldedCount} counted once, ${duplicateCount} ` +
        `known as duplicates; exact in ${Object.entries(buckets)
          .map(([width, count]) => `${count} x ${width}`)
          .join(", ")}\n`,
    );
    // After every crash the accounts say of each appended event what became of it.
    expect({ acceptedCount, duplicateCount }).toEqual({
      acceptedCount: BigInt(events),
      duplicateCount: BigInt(events - ids),
    });
  }
}

/** The ingest processes of a mesh, the next one for each stream or try; connections are kept. */
function ingestByTurns(mesh: Mesh): IngestTarget {
  const names = mesh.processesOf("ingest").map(({ name }) => name);
  const clients = new Map<string, Client<typeof IngestService>>();
  let turn = 0;
  return {
    client(service, key) {
      const name = names[turn++ % names.length]!;
      const client = clients.get(name) ?? mesh.clientOf(name, service, key);
      clients.set(name, client);
      return client;
    },
  };
}
