import type { Client } from "@connectrpc/connect";
import type { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { createMillrace, type Millrace } from "@millrace/client";
import { clientAt } from "@millrace/harness/installation";
import {
  accountLine,
  createTicks,
  expectExactlyOnce,
  HABITS,
  type IngestTarget,
  type Pace,
  Producer,
} from "@millrace/harness/load";
import type { ClusterInstallation } from "./cluster-installation.ts";

/** Some 200 events a second of each producer. */
const PACE: Pace = { betweenBatchesMs: 100 };
const ASKED_EVERY_MS = 250;

/**
 * Producers of every kind straight to ingest, by streams and single calls, and somebody who asks through the dashboard by
 * the SDK meanwhile.
 */
export class ClusterLoad {
  readonly #millrace: ClusterInstallation;
  readonly #projectId: string;
  readonly #producers: readonly Producer[];
  readonly #clocks: readonly AckClock[];
  readonly #sdk: Millrace;
  readonly #aborter = new AbortController();
  readonly #runs: Promise<unknown>;
  readonly #startedMs = performance.now();
  #isOver = false;
  #asked = 0;
  readonly #unanswered: string[] = [];

  private constructor(millrace: ClusterInstallation, projectId: string, key: string, pace: Pace) {
    this.#millrace = millrace;
    this.#projectId = projectId;
    this.#clocks = HABITS.map(() => new AckClock());
    this.#producers = HABITS.map((habit, i) => {
      const target = keptTarget(millrace.urlOf("ingest"), this.#clocks[i]!);
      return new Producer(target, projectId, key, habit, pace);
    });
    this.#sdk = createMillrace({ url: millrace.url, key });
    const { signal } = this.#aborter;
    this.#runs = Promise.all([...this.#producers.map((producer) => producer.run(signal)), this.#ask()]);
    // Whoever ends the load is told.
    this.#runs.catch(() => {});
  }

  /** Makes a project and begins to send. */
  static async start(millrace: ClusterInstallation, projectId: string, pace: Pace = PACE): Promise<ClusterLoad> {
    return new ClusterLoad(millrace, projectId, await createTicks(millrace, projectId), pace);
  }

  /** Ends the load, and expects that every event counts exactly once; gives what it went through, as lines. */
  async end(): Promise<string> {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    for (const producer of this.#producers) producer.stop();
    this.#isOver = true;
    await this.#runs;
    await this.#sdk.close();
    const sheet = await expectExactlyOnce(this.#millrace, this.#projectId, this.#producers);
    const gaps = this.#clocks.map(({ longestMs }, i) => `${this.#producers[i]!.name} ${Math.round(longestMs)} ms`);
    return [
      `  ${sheet.foldedCount} events in ${seconds.toFixed(0)} s, each counted exactly once; 0 lost, 0 doubled\n`,
      ...this.#producers.map(accountLine),
      `  longest gap between acknowledgements: ${gaps.join(", ")}\n`,
      `  questions by the SDK: ${this.#asked} asked, ${this.#unanswered.length} failed\n`,
    ].join("");
  }

  /** Questions that failed although the SDK tries again, as texts. */
  get unanswered(): readonly string[] {
    return this.#unanswered;
  }

  /** Ends at once, whatever was sent. */
  abort(): void {
    this.#isOver = true;
    this.#aborter.abort();
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      this.#asked++;
      await this.#sdk
        .query({ metrics: ["ticks"], dimensions: ["producer"], range: { last: "1d" } })
        .catch((error: Error) => this.#unanswered.push(`${new Date().toISOString()} ${error.message}`));
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
    }
  }
}

/** The longest time in which nothing was acknowledged to a producer. */
class AckClock {
  longestMs = 0;
  #lastMs: number | undefined;

  tick(): void {
    const nowMs = performance.now();
    if (this.#lastMs !== undefined) this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/** Gives one client for all calls, which keeps its connection as long as that lasts, and marks each answer. */
function keptTarget(url: string, clock: AckClock): IngestTarget {
  let kept: Client<typeof IngestService> | undefined;
  const marked = <Answer>(answer: Answer) => {
    clock.tick();
    return answer;
  };
  return {
    client(service, key) {
      kept ??= clientAt(url, service, key);
      const client = kept;
      return {
        ...client,
        stream: (...args) => client.stream(...args).then(marked),
        send: (...args) => client.send(...args).then(marked),
      };
    },
  };
}
