/** Readers that ask without end, and watch: each answer is held to what was sent and what was acknowledged. */
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { RelativeRange_Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Millrace } from "@millrace/client";

const PAUSE_MS = 40;
const WRONG_MAX = 10;
const DAYS = 3;
const QUESTION = { metrics: ["ticks"], dimensions: ["producer"], range: { last: `${DAYS}d` } } as const;

/** What was counted of each producer, as an answer says it. */
export type Counted = { readonly watermark: Date | undefined; readonly ticks: ReadonlyMap<string, number> };

/** What every answer must lie between. */
export type Bounds = {
  readonly names: readonly string[];
  /** How many events of a producer were surely acknowledged before a moment in epoch milliseconds. */
  acknowledgedBefore(name: string, momentMs: number): number;
  /** How many events a producer has sent, so far. */
  sent(name: string): number;
};

/** Holds answers to their bounds. */
class Judge {
  readonly wrong: string[] = [];
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Everything that was durable at the watermark is in an answer, and nothing that was never sent. */
  hold({ watermark, ticks }: Counted): void {
    for (const name of this.#bounds.names) {
      const count = ticks.get(name) ?? 0;
      const least = watermark === undefined ? 0 : this.#bounds.acknowledgedBefore(name, watermark.getTime());
      const most = this.#bounds.sent(name);
      if (count >= least && count <= most) continue;
      const what = `${name}: ${count} at ${watermark?.toISOString()}, where ${least} were acknowledged and ${most} sent`;
      if (this.wrong.length < WRONG_MAX) this.wrong.push(what);
    }
  }
}

/** Somebody who asks again and again, until stopped. */
export class Asking {
  readonly name: string;
  asked = 0;
  /** Why questions failed, and how many. */
  readonly failures = new Map<string, number>();
  readonly #judge: Judge;
  readonly #ask: () => Promise<Counted>;
  readonly #run: Promise<void>;
  #isStopped = false;

  constructor(name: string, ask: () => Promise<Counted>, bounds: Bounds) {
    this.name = name;
    this.#ask = ask;
    this.#judge = new Judge(bounds);
    this.#run = this.#go();
  }

  /** Answers that can not be. */
  get wrong(): readonly string[] {
    return this.#judge.wrong;
  }

  /** How many questions failed. */
  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#run;
  }

  async #go(): Promise<void> {
    while (!this.#isStopped) {
      this.asked++;
      try {
        this.#judge.hold(await this.#ask());
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Somebody who watches with the client library, until stopped. */
export class Watching {
  updates = 0;
  last: Counted = { watermark: undefined, ticks: new Map() };
  longestGapMs = 0;
  readonly #judge: Judge;
  readonly #ending = new AbortController();
  readonly #run: Promise<void>;

  constructor(client: Millrace, bounds: Bounds) {
    this.#judge = new Judge(bounds);
    this.#run = this.#follow(client);
    this.#run.catch(() => {});
  }

  /** Answers that can not be. */
  get wrong(): readonly string[] {
    return this.#judge.wrong;
  }

  /** Fails when the watch ended by itself. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#run;
  }

  async #follow(client: Millrace): Promise<void> {
    let lastMs = performance.now();
    const { signal } = this.#ending;
    for await (const { rows, watermark } of client.watch(QUESTION, { signal })) {
      const nowMs = performance.now();
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - lastMs);
      lastMs = nowMs;
      this.updates++;
      this.last = { watermark, ticks: new Map(rows.map(({ producer, ticks }) => [producer, Number(ticks)])) };
      this.#judge.hold(this.last);
    }
    if (!signal.aborted) throw new Error("the watch ended by itself");
  }
}

/** Asks with the client library. */
export function askBy(client: Millrace): () => Promise<Counted> {
  return async () => {
    const { rows, watermark } = await client.query(QUESTION);
    return { watermark, ticks: new Map(rows.map(({ producer, ticks }) => [producer, Number(ticks)])) };
  };
}

/** Asks once, over a transport: what fails is not repeated. */
export function askOver(transport: Transport, projectId: string): () => Promise<Counted> {
  const client = createClient(ReportingService, transport);
  const timeRange = { kind: { case: "relative" as const, value: { last: DAYS, unit: RelativeRange_Unit.DAY } } };
  const query = { projectId, metrics: ["ticks"], dimensions: ["producer"], timeRange };
  return async () => {
    const { result } = await client.query({ query }).catch((thrown: unknown) => {
      throw ConnectError.from(thrown);
    });
    const [producer, ticks] = ["producer", "ticks"].map((column) =>
      result!.columns.findIndex(({ name }) => name === column),
    );
    const { watermark, rows } = result!;
    return {
      watermark: watermark && new Date(Number(watermark.seconds) * 1000 + Math.floor(watermark.nanos / 1e6)),
      ticks: new Map(
        rows.map(({ values }) => [String(values[producer!]!.kind.value), Number(values[ticks!]!.kind.value)]),
      ),
    };
  };
}
