import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { createTicks, lastDays } from "@millrace/harness/load";
import type { Mesh } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { expect } from "vitest";
import { FAULTS, type Fault, type FaultName, type LinkedMesh, type LinkName } from "./links.ts";
import { expectNoneEnded, PATIENCE, ProjectLoad } from "./project-load.ts";

/** What is tried: a fault of a link. */
export type Trial = readonly [link: LinkName, fault: FaultName];

const TIMEOUT_MS = 1_000;
/** What a caller may be told while a link is bad: that it is, and nothing else. */
const EXCUSES = [Code.Unavailable, Code.DeadlineExceeded];
const DRIVERS_WORDS = /ECONN|NoHostAvailable|OperationTimedOut|ResponseError|Kafka[A-Z]/;

/**
 * Lets a link be bad for so long while producers send to a project of its own, mends it, waits until everything counts, and
 * holds every number to the producers' accounts. Prints how long that took.
 */
export async function tryLink(
  { mesh, proxies }: LinkedMesh,
  [link, fault]: Trial,
  badMs: number,
  random: () => number,
): Promise<void> {
  const name = `${link}, ${fault}`;
  const proxy = proxies[link];
  const { manners, silences, breaks }: Fault = FAULTS[fault];
  const projectId = name.replaceAll(/[^a-z]+/gi, "-").toLowerCase();
  const load = new ProjectLoad(mesh, projectId, await createTicks(mesh, projectId), random);
  try {
    const before = [load.send("stream", "Stream"), load.send("send", "Send")];
    await load.until(`${name}: events are acknowledged`, () => before.every(({ account }) => account.acknowledged > 0));
    const connections = proxy.accepted;
    if (manners === "forget") proxy.forget();
    else await proxy.become(manners);
    const bad = pause(badMs);
    const during = load.send("during", "Send");
    const excuses = await excusesWhile(bad, () => (link === "config-Cassandra" ? projectOf : total)(mesh, projectId));
    // Config has nothing at hand that it could answer from.
    if (silences && link === "config-Cassandra") expect(excuses, name).not.toBe("");
    // What arrived, and only its answer did not, may be acknowledged when it is sent again: by then its claim is known.
    const arrives = manners === "forget" || manners.toServer?.flow !== "hold";
    if (!arrives && link === "ingest-Kafka") expect(during.account.acknowledged, name).toBe(0);
    if (link !== "ingest-Kafka") await load.until(`${name}: ingest goes on`, () => during.account.acknowledged > 0);

    await proxy.become({});
    const mendedMs = performance.now();
    await until(`${name}: questions are answered`, () => total(mesh, projectId), PATIENCE);
    await until(`${name}: config answers`, () => projectOf(mesh, projectId), PATIENCE);
    const account = await load.expectExact();
    expectNoneEnded(mesh);
    const more = proxy.accepted - connections;
    if (breaks) expect(more, `${name}: connections made anew`).toBeGreaterThan(0);
    const recovered = `recovered after ${((performance.now() - mendedMs) / 1000).toFixed(1)} s`;
    process.stdout.write(
      `  ${name}: ${account}; ${more} connections; ${recovered}${excuses === "" ? "" : `; meanwhile ${excuses}`}\n`,
    );
  } finally {
    await proxy.become({});
    await load.abort();
  }
}

/** Asks for as long as a link is bad; gives what callers were told who got no answer. */
async function excusesWhile(bad: Promise<void>, ask: () => Promise<unknown>): Promise<string> {
  const excuses = new Map<string, number>();
  let isOver = false;
  const over = bad.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const excuse = await excuseOf(ask());
    if (excuse !== "") excuses.set(excuse, (excuses.get(excuse) ?? 0) + 1);
    await pause(50);
  }
  await over;
  return [...excuses].map(([excuse, times]) => `${times} x "${excuse}"`).join(", ");
}

/** What a caller is told who gets no answer; empty for one who does. */
async function excuseOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "";
  } catch (thrown) {
    const { code, rawMessage } = ConnectError.from(thrown);
    expect(EXCUSES, rawMessage).toContain(code);
    expect(rawMessage).not.toMatch(DRIVERS_WORDS);
    return rawMessage;
  }
}

/** A question that the store must answer: what is counted, by producer. */
function total(mesh: Mesh, projectId: string) {
  const query = { projectId, metrics: ["ticks"], dimensions: ["producer"], timeRange: lastDays(3) };
  return mesh.client(ReportingService).query({ query }, { timeoutMs: TIMEOUT_MS });
}

function projectOf(mesh: Mesh, projectId: string) {
  return mesh.client(ProjectService).getProject({ projectId }, { timeoutMs: TIMEOUT_MS });
}
