/** The status of several processors: whoever is asked asks the others. */
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { inProcessTransport } from "@millrace/runtime";
import { expect, it, onTestFinished, vi } from "vitest";
import type { ProcessingApp, ProcessingDeps } from "../app.ts";
import { definitionsOf, openTestBed, pageView, section, statusOf, WEB } from "../test-bed.ts";
import type { StatusPeer } from "./peers.ts";

const NOW = Date.now();
const PARTITIONS = 4;

function peerOf(address: string, app: ProcessingApp): StatusPeer {
  const principal = { keyId: "peer", projectId: undefined, scopes: new Set([Scope.REPORT]) };
  const transport = inProcessTransport((router) => app.routes(router), { principal });
  return { address, client: createClient(StatusService, transport) };
}

/** Two processors of one group that know of each other, and of themselves, as by a name in DNS. */
async function twoProcessors(more: readonly StatusPeer[] = []) {
  const bed = await openTestBed({ definitions: [definitionsOf("site", WEB)], partitions: PARTITIONS });
  onTestFinished(() => bed.close());
  const peers: StatusPeer[] = [...more];
  const start = async (changed: Partial<ProcessingDeps> = {}) => {
    const app = await bed.start({ peers: async () => peers, ...changed });
    onTestFinished(() => app.drain());
    return app;
  };
  const first = await start();
  const second = await start();
  peers.push(peerOf("10.0.0.1:8080", first), peerOf("10.0.0.2:8080", second), peerOf("10.0.0.2:8081", second));
  return { bed, first, second };
}

it("has the partitions of all processors, whichever is asked, and each once", async () => {
  const { bed, first, second } = await twoProcessors();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await bed.append([section("site", NOW, [pageView(`e-${partition}`, "/", NOW)])], partition);
  }
  await vi.waitFor(
    async () => {
      for (const app of [first, second]) {
        const status = await statusOf(app);
        expect(status.partitions.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual(
          [0, 1, 2, 3].map((partition) => [partition, 1n]),
        );
        expect(new Set(status.partitions.map(({ processorId }) => processorId)).size).toBe(2);
        expect(status).toMatchObject({ unansweredPartitions: [], unansweredProcessors: [], processorCount: 2 });
        expect(status.balance).toMatchObject({ acceptedCount: 4n, foldedCount: 4n });
      }
    },
    { timeout: 10_000, interval: 20 },
  );
  expect((await statusOf(first)).processorId).not.toBe((await statusOf(second)).processorId);
});

it("counts what is stored of a project once, and waits for the slowest of all partitions", async () => {
  const { bed, first, second } = await twoProcessors();
  for (let i = 0; i < 40; i++) {
    await bed.append([section("site", NOW, [pageView(`e-${i % 30}`, "/", NOW)])], i % PARTITIONS);
  }
  await vi.waitFor(
    async () => {
      for (const app of [first, second]) {
        const { balance } = await statusOf(app, "site");
        expect(balance).toMatchObject({ acceptedCount: 40n, foldedCount: 30n, duplicateCount: 10n, inFlightCount: 0n });
      }
    },
    { timeout: 10_000, interval: 20 },
  );
});

it("names the processors that do not answer, and the partitions that nobody answers for", async () => {
  const away: StatusPeer = {
    address: "10.0.0.9:8080",
    client: { getStatus: () => Promise.reject(new ConnectError("connection refused", Code.Unavailable)) },
  };
  const { first, second } = await twoProcessors([away]);
  await vi.waitFor(async () => expect((await statusOf(first)).unansweredPartitions).toEqual([]), 10_000);
  const { unansweredProcessors } = await statusOf(first);
  expect(unansweredProcessors).toMatchObject([
    { address: "10.0.0.9:8080", problem: expect.stringContaining("connection refused") },
  ]);
  await second.drain();
  await first.drain();
  const status = await statusOf(first);
  expect(status.partitions.map(({ partition }) => partition)).toEqual([]);
  expect(status.unansweredPartitions).toEqual([0, 1, 2, 3]);
});

it("answers for itself alone where it is asked to, and where the others can't be found", async () => {
  const { bed, first } = await twoProcessors();
  const { client } = peerOf("", first);
  const local = await client.getStatus({ localOnly: true });
  expect(local).toMatchObject({ processorCount: 1, unansweredProcessors: [] });
  const lost = await bed.start({ peers: () => Promise.reject(new Error("no such name")) });
  onTestFinished(() => lost.drain());
  const { unansweredProcessors, processorCount } = await statusOf(lost);
  expect(processorCount).toBe(1);
  expect(unansweredProcessors).toMatchObject([{ problem: "who they are is not known: no such name" }]);
});
