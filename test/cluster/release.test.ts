/**
 * A release in a cluster, from its installation to its end: in a namespace that enforces the profile `restricted`, with all
 * network policies, on real servers. Events and questions come from outside while pods are replaced in every way, and
 * whatever was acknowledged counts exactly once.
 */
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Cluster } from "./src/cluster.ts";
import { ClusterInstallation, OF_RELEASE, RELEASE } from "./src/cluster-installation.ts";
import { ClusterLoad } from "./src/cluster-load.ts";
import { GIVEN, nodeAddress } from "./src/given.ts";
import { type ClusterServers, startServers } from "./src/servers.ts";
import { startStranger, tryToReach } from "./src/stranger.ts";
import { podIds, readyPods, SERVICES, untilDisruptable, untilGone, untilPods } from "./src/workloads.ts";

const NOTHING_LEFT_WITHIN_MS = 120_000;
/** preStop, the drain delay and a little work, as the test's values have them: far from the 60 and 90 s at which pods are killed. */
const ENDS_WITHIN_MS = 30_000;

let cluster: Cluster;
let servers: ClusterServers;
let millrace: ClusterInstallation;
let before: string[];

beforeAll(async () => {
  cluster = await Cluster.connect(GIVEN.namespace());
  servers = await startServers(cluster, GIVEN.host());
  const options = { image: GIVEN.image(), nodeAddress: await nodeAddress(cluster) };
  millrace = new ClusterInstallation(cluster, servers, options);
  await millrace.prepare();
  before = await everything();
  const startedMs = performance.now();
  await millrace.install();
  say(`installed in ${seconds(performance.now() - startedMs)}`);
});
afterAll(async () => {
  await millrace?.dispose();
  await servers?.dispose();
});

describe("a release", () => {
  it("passes its own test, which sends events twice and asks for the exact report", async () => {
    say(await cluster.helm("test", RELEASE, "--timeout", "5m"));
  });

  it("runs pods that are restricted, of the image's revision, with a heap that the limit allows", async () => {
    const [pod] = await readyPods(cluster, "ingest");
    const version = JSON.parse(
      await cluster.raw(`/api/v1/namespaces/${cluster.namespace}/pods/${pod}:9090/proxy/version`),
    );
    expect(version).toMatchObject({ service: "ingest", revision: expect.stringMatching(/^[0-9a-f]{40}$/) });
    const script = `
      const { heap_size_limit } = require("node:v8").getHeapStatistics();
      const writable = (path) => { try { require("node:fs").writeFileSync(path, ""); return true; } catch { return false; } };
      console.log(JSON.stringify({
        share: heap_size_limit / process.constrainedMemory(), uid: process.getuid(), parent: process.ppid,
        root: writable("/millrace/x"), tmp: writable("/tmp/x"),
      }));`;
    const { share, ...rest } = JSON.parse((await cluster.node(pod!, script)).stdout);
    expect(rest).toEqual({ uid: 65532, parent: 0, root: false, tmp: true });
    expect(share).toBeGreaterThan(0.55);
    expect(share).toBeLessThan(0.68);
    const loose = await cluster.tryKubectl("run", "loose", `--image=${GIVEN.image()}`);
    expect(loose.stderr).toContain('violates PodSecurity "restricted');
  });

  it("lets pods reach what they need, and nothing else", async () => {
    const stranger = await startStranger(cluster, GIVEN.image());
    const [ingest] = await readyPods(cluster, "ingest");
    const { host, port } = servers.cassandraAt;
    const tries = [
      [stranger, `${RELEASE}-ingest`, 8080, "reached"],
      [stranger, `${RELEASE}-dashboard`, 8080, "reached"],
      [stranger, `${RELEASE}-config`, 8080, "silence"],
      [stranger, `${RELEASE}-reporting-headless`, 8080, "silence"],
      [stranger, `${RELEASE}-ingest-headless`, 9090, "silence"],
      [ingest, `${RELEASE}-config`, 8080, "reached"],
      [ingest, `${RELEASE}-reporting`, 8080, "silence"],
      [ingest, host, port, "silence"],
    ] as const;
    const seen = await Promise.all(tries.map(([pod, to, at]) => tryToReach(cluster, pod!, to, at)));
    expect(tries.map(([, to, at], i) => [to, at, seen[i]])).toEqual(tries.map(([, to, at, what]) => [to, at, what]));
    await cluster.kubectl("delete", "pod", stranger, "--wait=false");
  });
});

describe("under load", () => {
  it(`${GIVEN.upgrades()} upgrades that replace the pods lose nothing and double nothing`, async () => {
    const load = await startLoad("upgrades");
    const times: number[] = [];
    for (let number = 1; number <= GIVEN.upgrades(); number++) {
      const ids = await podIds(cluster);
      const startMs = performance.now();
      // Nothing has to be migrated for a template: all time is the rollout's.
      await millrace.upgrade({ ...templatesOf(number), migrations: { enabled: false } });
      times.push(performance.now() - startMs);
      const now = await podIds(cluster);
      for (const service of changedBy(number))
        expect(now[service]?.filter((id) => ids[service]?.includes(id))).toEqual([]);
    }
    const accounts = await load.end();
    const sorted = times.toSorted((a, b) => a - b);
    say(`${times.length} upgrades, ${seconds(sorted[sorted.length >> 1]!)} each, at most ${seconds(sorted.at(-1)!)}`);
    say(accounts);
    expect(load.unanswered).toEqual([]);
  });

  it("evictions are held to one pod of a service at a time, whose calls go on", async () => {
    const load = await startLoad("evictions");
    let refused = 0;
    const ends: number[] = [];
    for (const service of SERVICES) {
      await untilPods(cluster, service, 2);
      await untilDisruptable(cluster, service);
      const [first, second] = await readyPods(cluster, service);
      expect(await cluster.evict(first!)).toBe(true);
      expect(await cluster.evict(second!)).toBe(false);
      refused++;
      ends.push(await untilGone(cluster, first!));
    }
    const accounts = await load.end();
    for (const end of ends) expect(end).toBeLessThan(ENDS_WITHIN_MS);
    say(`${ends.length} pods evicted, each gone within ${seconds(Math.max(...ends))}; ${refused} evictions refused`);
    say(accounts);
    expect(load.unanswered).toEqual([]);
  });

  it("a changed setting replaces the pods of its service alone, which then have it", async () => {
    const last = templatesOf(GIVEN.upgrades());
    for (const service of SERVICES) await untilPods(cluster, service, 2);
    const ids = await podIds(cluster);
    const load = await startLoad("settings");
    await millrace.upgrade({ ...last, reporting: { ...last["reporting"], server: { logLevel: "debug" } } });
    const { reporting, ...others } = await podIds(cluster);
    const { reporting: formerly, ...othersFormerly } = ids;
    expect(others).toEqual(othersFormerly);
    expect(reporting?.filter((id) => formerly?.includes(id))).toEqual([]);
    const [pod] = await readyPods(cluster, "reporting");
    const { stdout } = await cluster.node(pod!, "console.log(process.env.MILLRACE_LOG_LEVEL)");
    expect(stdout.trim()).toBe("debug");
    say(await load.end());
    expect(load.unanswered).toEqual([]);
  });

  it("the autoscaler adds pods when there is much to do, and takes them away again", async () => {
    const autoscaling = {
      enabled: true,
      ...{ minReplicas: 2, maxReplicas: 4, targetCPUUtilizationPercentage: 100 },
      behavior: { scaleDown: { stabilizationWindowSeconds: 15 } },
    };
    const resources = { requests: { cpu: "30m" } };
    await millrace.upgrade({ ingest: { autoscaling, resources } });
    const load = await startLoad("scaling", { betweenBatchesMs: 25 });
    const startMs = performance.now();
    await until("there are more", async () => (await readyPods(cluster, "ingest")).length > 2, SCALED);
    const upMs = performance.now() - startMs;
    const most = (await readyPods(cluster, "ingest")).length;
    const accounts = await load.end();
    const endedMs = performance.now();
    await until("there are two again", async () => (await readyPods(cluster, "ingest")).length === 2, SCALED);
    say(`2 → ${most} pods after ${seconds(upMs)}, 2 again ${seconds(performance.now() - endedMs)} after the load`);
    say(accounts);
    expect(load.unanswered).toEqual([]);
  });

  it("going back to the revision before takes nothing away", async () => {
    const templates = async () => {
      const deployments = await cluster.list("deployments", OF_RELEASE);
      return deployments.map(({ metadata, spec }) => [metadata.name, spec["template"]]);
    };
    const formerly = await templates();
    const load = await startLoad("rollback");
    await millrace.upgrade({ ingest: { podAnnotations: { [UPGRADE]: "regretted" } }, migrations: { enabled: false } });
    expect(await templates()).not.toEqual(formerly);
    await cluster.helm("rollback", RELEASE, "--wait", "--timeout", "5m");
    expect(await templates()).toEqual(formerly);
    say(await load.end());
    expect(load.unanswered).toEqual([]);
  });
});

describe("in the end", () => {
  it("nothing of it is left", async () => {
    await cluster.helm("uninstall", RELEASE, "--wait", "--timeout", "5m");
    const look = async () => (await everything()).join() === before.join();
    const isGone = await until("all is gone", look, { withinMs: NOTHING_LEFT_WITHIN_MS, everyMs: 1_000 }).catch(
      () => false,
    );
    if (!isGone) expect(await everything()).toEqual(before);
  });
});

const SCALED = { withinMs: 240_000, everyMs: 1_000 };
const UPGRADE = "millrace.test/upgrade";
const OTHERS = SERVICES.filter((service) => service !== "ingest");

/** The services whose templates the upgrade of a number changes: ingest's each time, and one of the others in turn. */
function changedBy(number: number): (typeof SERVICES)[number][] {
  return ["ingest", OTHERS[number % OTHERS.length]!];
}

/** Values that give pods the template of the last upgrade, up to this number, that changes them. */
function templatesOf(number: number): Record<string, Record<string, unknown>> {
  const values: Record<string, Record<string, unknown>> = {};
  for (let each = 1; each <= number; each++) {
    for (const service of changedBy(each)) values[service] = { podAnnotations: { [UPGRADE]: `${each}` } };
  }
  return values;
}

async function startLoad(projectId: string, pace?: { readonly betweenBatchesMs: number }): Promise<ClusterLoad> {
  const load = await ClusterLoad.start(millrace, projectId, pace);
  onTestFinished(() => load.abort());
  return load;
}

/** All resources of the namespace that are not the cluster's own doing, as kind/name. */
async function everything(): Promise<string[]> {
  const kinds = await cluster.kubectl("api-resources", "--verbs=list", "--namespaced", "--output=name");
  const all = await cluster.kubectl("get", kinds.trim().split("\n").join(","), "--output=name", "--ignore-not-found");
  return all
    .split("\n")
    .filter((name) => name !== "" && !/^(event|podmetrics|endpoints\/|lease)/.test(name))
    .sort();
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function say(text: string): void {
  process.stdout.write(`  ${text.trim().replaceAll("\n", "\n  ")}\n`);
}
