/**
 * A release that brings a version of processing: in the order that docs/operating.md tells nothing waits, in any other
 * partitions wait and say so, and no number is ever wrong.
 */
import { rm } from "node:fs/promises";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { CHECKOUT } from "@millrace/harness";
import { ask, createProject, lastDays } from "@millrace/harness/load";
import { launchMesh, type Mesh, type MeshOptions } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, expect, it, onTestFailed, onTestFinished } from "vitest";
import { makeNextRelease, NEXT_VERSION, nextPage } from "./src/next-release.ts";

const COUNTS = { ingest: 1, config: 1, reporting: 1, dashboard: 1, processing: 2 };
const EVENTS = 120;
const PROCESSORS = ["processing-1", "processing-2"] as const;
const OLD = "/a";
const NEW = nextPage(OLD);
const NOT_KNOWN = new RegExp(`processing version ${NEXT_VERSION}`);

let next: string;
beforeAll(async () => {
  next = await makeNextRelease();
});
afterAll(() => rm(next, { recursive: true, force: true }));

it("nothing waits and every event counts by the version of its revision, when processing is upgraded before config", async () => {
  const mesh = await startMesh();
  const views = await Views.of(mesh, "ordered");
  await views.send();
  await views.expectCounted({ [OLD]: EVENTS });
  // Old and new processors in one group fold the old version alike.
  await upgrade(mesh, "processing-1", next);
  await views.send();
  await views.expectCounted({ [OLD]: 2 * EVENTS });
  await upgrade(mesh, "processing-2", next);
  await upgrade(mesh, "config-1", next);
  // What ingest knows of the project is the old revision, until there is a new one.
  await views.send();
  await views.expectCounted({ [OLD]: 3 * EVENTS });
  await views.revise();
  await views.untilStamped();
  await views.send();
  await views.expectCounted({ [OLD]: 3 * EVENTS + views.probes.old, [NEW]: EVENTS + views.probes.next });
  expect(mesh.output).not.toMatch(NOT_KNOWN);
});

it("partitions wait and say why, and then count exactly, when config is upgraded before processing", async () => {
  const mesh = await startMesh({ checkoutOf: { config: next } });
  const views = await Views.of(mesh, "early");
  await views.send();
  await untilTheyWait(mesh, PROCESSORS);
  await views.expectCounted({}, 0);
  // Neither another start nor another owner makes anything of them.
  await upgrade(mesh, "processing-2", CHECKOUT);
  await untilTheyWait(mesh, PROCESSORS);
  await views.expectCounted({}, 0);
  // A new processor folds what it owns; what the old one owns still waits.
  await upgrade(mesh, "processing-1", next);
  await untilTheyWait(mesh, ["processing-2"]);
  await views.send();
  await upgrade(mesh, "processing-2", next);
  await views.expectCounted({ [NEW]: 2 * EVENTS });
  // Back to the old release: what was folded stays, what comes waits.
  await Promise.all(PROCESSORS.map((name) => upgrade(mesh, name, CHECKOUT)));
  await views.send();
  await untilTheyWait(mesh, PROCESSORS);
  await views.expectCounted({ [NEW]: 2 * EVENTS }, 2 * EVENTS);
  await Promise.all(PROCESSORS.map((name) => upgrade(mesh, name, next)));
  await views.expectCounted({ [NEW]: 3 * EVENTS });
});

it("nothing waits when config is upgraded first and held at the old version", async () => {
  const held = { MILLRACE_PROCESSING_VERSION: String(NEXT_VERSION - 1) };
  const mesh = await startMesh({ checkoutOf: { config: next }, envOf: { config: held } });
  const views = await Views.of(mesh, "held");
  await views.send();
  await views.expectCounted({ [OLD]: EVENTS });
  expect(mesh.output).not.toMatch(NOT_KNOWN);
});

async function startMesh(options: MeshOptions = {}): Promise<Mesh> {
  const mesh = await launchMesh({ counts: COUNTS, ...options });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(mesh.output.slice(-20_000)));
  return mesh;
}

/** Replaces a process by one of another checkout, in good order. */
async function upgrade(mesh: Mesh, name: string, checkout: string): Promise<void> {
  mesh.process(name).install(checkout);
  expect(await mesh.terminate(name)).toEqual({ code: 0, signal: null });
  await mesh.restart(name);
}

/** Waits until partitions of each of these processors wait for a version that it does not know. */
async function untilTheyWait(mesh: Mesh, names: readonly string[]): Promise<void> {
  for (const name of names) {
    let seen: readonly string[] = [];
    await until(`partitions of ${name} wait`, async () => {
      const { partitions } = await mesh.clientOf(name, StatusService).getStatus({ localOnly: true });
      seen = partitions.map(({ partition, stalled }) => `${partition}: ${stalled || "goes on"}`);
      return partitions.some(({ stalled }) => NOT_KNOWN.test(stalled));
    }).catch((error: Error) => {
      throw new Error(`${error.message}; at last it had partitions ${seen.join("; ")}`, { cause: error });
    });
  }
}

/** A project that counts views by page, over all partitions. */
class Views {
  readonly #mesh: Mesh;
  readonly #projectId: string;
  readonly #key: string;
  /** Views that were sent to learn which version is stamped, by the version they turned out to have. */
  readonly probes = { old: 0, next: 0 };
  #sent = 0;

  private constructor(mesh: Mesh, projectId: string, key: string) {
    this.#mesh = mesh;
    this.#projectId = projectId;
    this.#key = key;
  }

  static async of(mesh: Mesh, projectId: string): Promise<Views> {
    const key = await createProject(mesh, {
      project: { projectId, spread: 4 },
      metrics: [{ name: "views", aggregation: Aggregation.COUNT }],
      rollups: [{ name: "by_page", metrics: ["views"], dimensions: ["page"] }],
    });
    return new Views(mesh, projectId, key);
  }

  /** Sends views of one page, of users of all partitions; twice, as after an answer that was lost. */
  async send(count = EVENTS): Promise<void> {
    const from = this.#sent;
    this.#sent += count;
    const events = Array.from({ length: count }, (_, i) => ({
      eventId: `${this.#projectId}-${from + i}`,
      name: "page_view",
      userId: `u${i}`,
      properties: { url: `https://shop.example${OLD}` },
    }));
    const ingest = this.#mesh.client(IngestService, this.#key);
    await ingest.send({ events });
    await ingest.send({ events });
  }

  /** Makes another revision of the project's definitions. */
  async revise(): Promise<void> {
    const metric = { projectId: this.#projectId, name: "again", aggregation: Aggregation.COUNT };
    await this.#mesh.client(MetricService).createMetric({ metric });
  }

  /** Sends single views until one counts by the next version: ingest stamps it then. */
  async untilStamped(): Promise<void> {
    const before = await this.#counted();
    await until("ingest stamps the next version", async () => {
      await this.send(1);
      const seen = await until("the view counts", async () => {
        const counted = await this.#counted();
        return total(counted) > total(before) + this.probes.old + this.probes.next ? counted : undefined;
      });
      this.probes.old = (seen[OLD] ?? 0) - (before[OLD] ?? 0);
      this.probes.next = (seen[NEW] ?? 0) - (before[NEW] ?? 0);
      return this.probes.next > 0;
    });
  }

  /** Expects so many views by page once `sent` of all are counted, each once, and none as a dead letter. */
  async expectCounted(pages: Readonly<Record<string, number>>, sent = this.#sent): Promise<void> {
    if (sent === this.#sent) await this.#mesh.untilCounted(this.#projectId, sent);
    expect(await this.#counted()).toEqual(pages);
    const { balance } = await this.#mesh.status(this.#projectId);
    expect(balance).toMatchObject({ foldedCount: BigInt(sent), deadLetteredCount: 0n, lateCount: 0n });
    const counted = Object.entries(pages).map(([page, views]) => `${views} of ${page}`);
    const waiting = this.#sent - sent;
    process.stdout.write(`  ${this.#projectId}: ${counted.join(", ") || "nothing"} counted, ${waiting} wait\n`);
  }

  async #counted(): Promise<Record<string, number>> {
    const question = { projectId: this.#projectId, metrics: ["views"], dimensions: ["page"], timeRange: lastDays(2) };
    const rows = await ask(this.#mesh, question);
    return Object.fromEntries(rows.map(({ page, views }) => [String(page), Number(views)]));
  }
}

function total(counted: Readonly<Record<string, number>>): number {
  return Object.values(counted).reduce((sum, count) => sum + count, 0);
}
