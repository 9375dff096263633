import { countedTicks, expectEveryBucket, expectExactlyOnce, type Habit, Producer } from "@millrace/harness/load";
import { logContent, type Mesh } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { expect } from "vitest";

const BETWEEN_BATCHES_MS = 40;
/** Less than the late window of 48 hours, and more than a day, so that a day is over and stored as one. */
const REACHES_BACK_MS = 40 * 3_600_000;

/** All that was sent is acknowledged and counted so long after everything is there again, however busy the machine. */
export const PATIENCE = { withinMs: 60_000, everyMs: 100 };

/** What producers send to one project of ticks, through the front, and whether it counts. */
export class ProjectLoad {
  readonly #mesh: Mesh;
  readonly #projectId: string;
  readonly #key: string;
  readonly #random: () => number;
  readonly #producers: Producer[] = [];
  readonly #runs: Promise<void>[] = [];
  readonly #ending = new AbortController();
  #failure: Error | undefined;

  constructor(mesh: Mesh, projectId: string, key: string, random: () => number) {
    this.#mesh = mesh;
    this.#projectId = projectId;
    this.#key = key;
    this.#random = random;
  }

  /** One more producer begins, and sends until the accounts are looked at. */
  send(name: string, by: Habit["by"]): Producer {
    const habit = { name, by, hasIds: true, hasTimes: true };
    const pace = { random: this.#random, reachesBackMs: REACHES_BACK_MS, betweenBatchesMs: BETWEEN_BATCHES_MS };
    const producer = new Producer(this.#mesh, this.#projectId, this.#key, habit, pace);
    this.#producers.push(producer);
    const run = producer.run(this.#ending.signal).catch((error: Error) => {
      this.#failure = error;
    });
    this.#runs.push(run);
    return producer;
  }

  /** Waits until ingest acknowledges what somebody sends who comes only now. */
  async expectIngestGoesOn(name = "during"): Promise<void> {
    const producer = this.send(name, "Send");
    await this.until("ingest goes on", () => producer.account.acknowledged > 0);
  }

  /** Waits for something that producers do. Fails at once when one was told what no retry can mend. */
  async until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, async () => this.#failure !== undefined || (await look()), PATIENCE);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Stops all producers, waits until what they made is acknowledged and counted, and holds every number to their accounts:
   * the totals, every bucket of every stored granularity, and the log. Gives a line about it.
   */
  async expectExact(): Promise<string> {
    const startMs = performance.now();
    await this.#settle();
    const acknowledged = seconds(startMs);
    const sheet = await expectExactlyOnce(this.#mesh, this.#projectId, this.#producers);
    const counted = seconds(startMs);
    const buckets = await expectEveryBucket(this.#mesh, this.#projectId, this.#producers);
    const { events, ids } = await logContent(this.#mesh, this.#projectId);
    const { acceptedCount, foldedCount, duplicateCount } = sheet;
    expect({ acceptedCount, foldedCount, duplicateCount }).toEqual({
      acceptedCount: BigInt(events),
      foldedCount: BigInt(ids.size),
      duplicateCount: BigInt(events - ids.size),
    });
    const widths = Object.entries(buckets).map(([width, count]) => `${count} x ${width}`);
    return (
      `${this.#sum("sent")} acknowledged, ${this.#sum("resent")} sent again, ${events} in the log, ${foldedCount} counted, ` +
      `exact in ${widths.join(", ")}; all acknowledged after ${acknowledged}, counted after ${counted}`
    );
  }

  /** As `expectExact`, once everything is there again; prints the line, and what was meanwhile. */
  async expectExactAfter(meanwhile: string): Promise<void> {
    process.stdout.write(`  ${meanwhile}: ${await this.expectExact()}\n`);
    expectNoneEnded(this.#mesh);
  }

  /** As `expectExact` where events may count twice: only that none is missing. */
  async expectNoneMissing(): Promise<string> {
    await this.#settle();
    const { foldedCount } = await this.#mesh.untilCounted(this.#projectId, this.#sum("sent"), PATIENCE);
    const counted = await countedTicks(this.#mesh, this.#projectId);
    for (const { name, account } of this.#producers) {
      expect(counted.get(name)?.count, name).toBeGreaterThanOrEqual(account.sent);
    }
    return `${this.#sum("sent")} acknowledged, ${this.#sum("resent")} sent again, ${foldedCount} counted`;
  }

  /** Ends all producers at once. */
  async abort(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#runs);
  }

  #sum(of: "sent" | "resent"): number {
    return this.#producers.reduce((all, { account }) => all + account[of], 0);
  }

  /** Stops all producers, and waits until what they made is acknowledged. */
  async #settle(): Promise<void> {
    for (const producer of this.#producers) producer.stop();
    let isOver = false;
    void Promise.all(this.#runs).then(() => {
      isOver = true;
    });
    await this.until(`everything of ${this.#projectId} is acknowledged`, () => isOver);
  }
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** A process that ends by itself is wrong, also where somebody would start it again. */
export function expectNoneEnded(mesh: Mesh): void {
  for (const { name, ended, output } of mesh.processes.values()) {
    expect(ended, `${name} ended by itself:\n${ended === undefined ? "" : output.slice(-5_000)}`).toBeUndefined();
  }
}
