import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { createMillrace } from "@millrace/client";
import { createTicks, expectEveryBucket, expectExactlyOnce, SdkLoad } from "@millrace/harness/load";
import { launchMesh, logContent, type Mesh, type ServiceName } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { ClientPool, createPooledTransport } from "@millrace/runtime";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { Acknowledgements, type Acknowledging } from "./acknowledgements.ts";
import { Balancer } from "./balancer.ts";
import { Asking, askBy, askOver, type Bounds, Watching } from "./readers.ts";
import { type Restarts, rollingRestart } from "./rolling-restart.ts";
import { SingleCalls } from "./single-calls.ts";

const PROJECT = "ticks";
const COUNTS = { ingest: 3, reporting: 2, config: 2, processing: 2, dashboard: 1 };
/** More than the balancer takes to notice: it looks every half second, and twice. */
const DRAIN_DELAY_MS = 1_500;
/** Longer than anybody should wait, and no measure of speed: machines are busy. */
const GAP_MS_MAX = 15_000;
const EXACT_WITHIN_MS = 60_000;

/** Restarts a mesh so many times under load, and holds every number to the loads' own accounts. */
export async function rollUnderLoad(times: number): Promise<void> {
  const mesh = await launchMesh({ counts: COUNTS, env: { MILLRACE_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) } });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(mesh.output.slice(-30_000)));
  const balancer = await Balancer.start(mesh);
  onTestFinished(() => balancer[Symbol.asyncDispose]());
  const trial = new Trial(mesh, balancer, await createTicks(mesh, PROJECT));
  await trial.untilEverybodyIsServed();
  const restarts: Restarts = { processes: 0, longestMs: new Map() };
  for (let i = 0; i < times; i++) await rollingRestart(mesh, balancer, restarts);
  await trial.expectNothingWrong(restarts, times);
}

/** Everybody who sends and asks, and what must hold for each. */
class Trial {
  readonly #mesh: Mesh;
  readonly #balancer: Balancer;
  readonly #key: string;
  /** Without retries, by the balancer and over all addresses. */
  readonly #single: readonly SingleCalls[];
  /** With the retries that services call each other with, over all addresses. */
  readonly #pooled: SingleCalls;
  readonly #sdks: readonly SdkLoad[];
  readonly #acknowledgements: Acknowledgements;
  readonly #asking: Readonly<Record<"sdk" | "single" | "config", Asking>>;
  readonly #watching: Watching;

  constructor(mesh: Mesh, balancer: Balancer, key: string) {
    this.#mesh = mesh;
    this.#balancer = balancer;
    this.#key = key;
    const front = this.#throughBalancer();
    this.#single = [
      new SingleCalls("send-balanced", "Send", front, Math.random),
      new SingleCalls("stream-balanced", "Stream", front, Math.random),
      new SingleCalls("send-addresses", "Send", this.#overAddresses("ingest"), Math.random),
      new SingleCalls("stream-addresses", "Stream", this.#overAddresses("ingest"), Math.random),
    ];
    this.#pooled = new SingleCalls("send-pool", "Send", this.#pool("ingest", key), Math.random);
    this.#sdks = [
      new SdkLoad(balancer.url, key, Math.random, { name: "sdk-streams" }),
      new SdkLoad(balancer.url, key, Math.random, { name: "sdk-calls", transport: "fetch" }),
    ];
    const loads: Acknowledging[] = [...this.#single, this.#pooled, ...this.#sdks];
    this.#acknowledgements = new Acknowledgements(loads);
    const reader = createMillrace({ url: balancer.url, key });
    onTestFinished(() => void reader.close());
    const bounds = this.#bounds();
    const project = createClient(ProjectService, this.#pool("config", mesh.keys.adminKey));
    const nothing = { watermark: undefined, ticks: new Map<string, number>() };
    this.#asking = {
      sdk: new Asking("questions by the SDK", askBy(reader), bounds),
      single: new Asking("questions without retries", askOver(this.#overAddresses("reporting"), PROJECT), bounds),
      config: new Asking("calls of config", () => project.getProject({ projectId: PROJECT }).then(() => nothing), {
        ...bounds,
        names: [],
      }),
    };
    this.#watching = new Watching(reader, bounds);
  }

  /** Waits until every load was acknowledged something, and every reader was answered. */
  async untilEverybodyIsServed(): Promise<void> {
    await until("everybody is served", () => {
      const sending = [...this.#single, this.#pooled, ...this.#sdks];
      const asking = Object.values(this.#asking);
      const isServed = sending.every(({ account }) => account.acknowledged > 0);
      return isServed && asking.every(({ asked, failed }) => asked > failed + 1) && this.#watching.updates > 1;
    });
  }

  /** Stops everybody, and holds every number to the loads' accounts; prints them. */
  async expectNothingWrong(restarts: Restarts, times: number): Promise<void> {
    const gaps = this.#acknowledgements.stop();
    await Promise.all([...this.#single, this.#pooled].map((load) => load.stop()));
    for (const sdk of this.#sdks) {
      expect(await sdk.stop()).toMatchObject({ pending: 0, rejected: {}, dropped: {} });
    }
    const all = [...this.#single, this.#pooled, ...this.#sdks];
    const sent = all.reduce((sum, { account }) => sum + account.sent, 0);
    await this.#mesh.untilCounted(PROJECT, sent, { withinMs: EXACT_WITHIN_MS, everyMs: 250 });
    const { events, ids } = await logContent(this.#mesh, PROJECT);
    const asked = Object.values(this.#asking);
    await this.#untilWatchIsExact(all);
    await Promise.all([...asked, this.#watching].map((reader) => reader.stop()));
    const fates = [...this.#single, this.#pooled].map((load) => ({
      name: load.name,
      lost: [...load.acknowledged].filter((id) => !ids.has(id)).length,
      ambiguous: [...load.refused].filter((id) => ids.has(id)).length,
    }));
    this.#print(restarts, times, { gaps, fates, events, ids: ids.size });
    expect(fates).toEqual(fates.map(({ name }) => ({ name, lost: 0, ambiguous: 0 })));
    expect([...this.#pooled.failures, ...this.#asking.sdk.failures, ...this.#asking.config.failures]).toEqual([]);
    expect([...asked, this.#watching].flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(ids.size).toBe(sent);
    await expectExactlyOnce(this.#mesh, PROJECT, all);
    await expectEveryBucket(this.#mesh, PROJECT, all);
    expect(gaps.all).toBeLessThan(GAP_MS_MAX);
  }

  /** The watch that went over all restarts comes to the exact numbers by itself. */
  async #untilWatchIsExact(all: readonly Acknowledging[]): Promise<void> {
    await until(
      "the watch shows the exact numbers",
      () => all.every(({ name, account }) => this.#watching.last.ticks.get(name) === account.sent),
      { withinMs: EXACT_WITHIN_MS },
    );
  }

  #bounds(): Bounds {
    const callers = [...this.#single, this.#pooled];
    const sent = (name: string) =>
      callers.find((load) => load.name === name)?.offered ??
      this.#sdks.find((load) => load.name === name)?.account.sent ??
      0;
    return {
      names: [...callers, ...this.#sdks].map(({ name }) => name),
      acknowledgedBefore: (name, momentMs) => this.#acknowledgements.before(name, momentMs),
      sent,
    };
  }

  /** Calls by HAProxy, which are not repeated. */
  #throughBalancer(): Transport {
    return createGrpcTransport({ baseUrl: this.#balancer.url, interceptors: [authorize(this.#key)] });
  }

  /** Calls to all addresses of a service in turn, which are not repeated. */
  #overAddresses(service: ServiceName): Transport {
    const pool = new ClientPool({ urls: this.#urlsOf(service) });
    onTestFinished(() => pool.close());
    return createGrpcTransport({
      baseUrl: pool.authority,
      sessionManager: pool,
      interceptors: [authorize(this.#key)],
    });
  }

  /** Calls as services call each other. */
  #pool(service: ServiceName, serviceKey: string): Transport {
    const transport = createPooledTransport({ urls: this.#urlsOf(service), serviceKey });
    onTestFinished(() => transport.close());
    return transport;
  }

  #urlsOf(service: ServiceName): string[] {
    return this.#mesh.processesOf(service).map(({ url }) => url);
  }

  #print(restarts: Restarts, times: number, seen: Seen): void {
    const { gaps, fates, events, ids } = seen;
    const gone = [...restarts.longestMs].map(([service, ms]) => `${service} ${seconds(ms)}`).join(", ");
    const lines = [
      `${times} rolling restarts, ${restarts.processes} processes; gone after at most: ${gone}`,
      ...[...this.#single, this.#pooled].map((load, index) => {
        const { lost, ambiguous } = fates[index]!;
        const kind = load === this.#pooled ? "with the pool's retries" : "without retries";
        return (
          `${load.name} (${kind}): ${load.calls} ${load.way === "Send" ? "calls" : "streams"}, ${load.failed} refused; ` +
          `${load.acknowledged.size} events acknowledged, ${load.refused.size} not, ${lost} lost, ${ambiguous} ambiguous`
        );
      }),
      ...this.#sdks.map(({ name, account }) => {
        return `${name}: ${account.sent} tracked, ${account.acknowledged} acknowledged, ${account.resent} retries, 0 failed`;
      }),
      ...Object.values(this.#asking).map(({ name, asked, failed, wrong }) => {
        return `${name}: ${asked}, ${failed} failed, ${wrong.length} wrong`;
      }),
      `watch: ${this.#watching.updates} updates, ${this.#watching.wrong.length} wrong, longest gap ${seconds(this.#watching.longestGapMs)}`,
      `${events} events in the log, ${ids} ids`,
      `longest gap in acknowledgements: ${gaps.all} ms of all; ${[...gaps.each].map(([name, ms]) => `${name} ${ms} ms`).join(", ")}`,
    ];
    process.stdout.write(lines.map((line) => `  ${line}\n`).join(""));
    for (const { name, failures } of [...this.#single, this.#pooled, ...Object.values(this.#asking)]) {
      for (const [why, count] of failures) process.stdout.write(`    ${name}: ${count} x ${why}\n`);
    }
  }
}

type Seen = {
  readonly gaps: ReturnType<Acknowledgements["stop"]>;
  readonly fates: readonly { readonly lost: number; readonly ambiguous: number }[];
  readonly events: number;
  readonly ids: number;
};

function authorize(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
