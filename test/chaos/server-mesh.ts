/** A mesh on servers of its own, which may be killed, emptied and filled. */
import { connect } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { createTicks, lastDays } from "@millrace/harness/load";
import { launchMesh, type Mesh, type MeshOptions } from "@millrace/harness/mesh";
import { type OwnServers, ownRedis } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { PATIENCE, ProjectLoad } from "./project-load.ts";

/** What was acknowledged stays over a kill of the process. */
const DURABLE = { appendonly: "yes", appendfsync: "everysec" };
/** Longer than reporting goes on trying the store. */
const QUESTION_MS = 30_000;
const DRIVERS_WORDS = /ECONN|NoHostAvailable|OperationTimedOut|ResponseError|Kafka[A-Z]/;

/** The servers that a mesh is put on: those that are there by now, and go with it. */
export type Beneath = { readonly cassandra: OwnServers; readonly kafka?: OwnServers; readonly replicas: number };

/** A mesh, the servers that it has to itself, and loads on projects of it. */
export class ServerMesh implements AsyncDisposable {
  readonly mesh: Mesh;
  readonly claims: OwnServers;
  readonly cache: OwnServers;
  readonly #beneath: Beneath;
  readonly #random: () => number;

  private constructor(
    mesh: Mesh,
    [claims, cache]: readonly [OwnServers, OwnServers],
    beneath: Beneath,
    random: () => number,
  ) {
    this.mesh = mesh;
    this.claims = claims;
    this.cache = cache;
    this.#beneath = beneath;
    this.#random = random;
  }

  static async start(beneath: Beneath, random: () => number, counts: MeshOptions["counts"] = {}): Promise<ServerMesh> {
    const { cassandra, kafka, replicas } = beneath;
    const redis = await Promise.all([ownRedis({ settings: DURABLE }), ownRedis()]);
    const [claimsUrl = "", cacheUrl = ""] = redis.map(({ addresses }) => `redis://${addresses[0]}`);
    const mesh = await launchMesh({
      counts: { config: 1, ingest: 1, processing: 1, reporting: 1, dashboard: 1, ...counts },
      servers: {
        ...(kafka && { brokers: kafka.addresses }),
        ...{ contactPoints: cassandra.addresses, localDataCenter: "datacenter1", claimsUrl, cacheUrl, replicas },
      },
    });
    return new ServerMesh(mesh, redis, beneath, random);
  }

  /**
   * Two producers begin to send to a new project. Resolves when both have been acknowledged something, and every service
   * that is asked later has seen the project and who asks: without config they go on for those whom they know.
   */
  async load(projectId: string): Promise<ProjectLoad> {
    onTestFailed(() => void process.stderr.write(this.mesh.output.slice(-30_000)));
    const load = new ProjectLoad(this.mesh, projectId, await createTicks(this.mesh, projectId), this.#random);
    onTestFinished(() => load.abort());
    const producers = [load.send("stream", "Stream"), load.send("send", "Send")];
    const areHeard = () => producers.every(({ account }) => account.acknowledged > 0);
    await load.until(`events of ${projectId} are acknowledged`, areHeard);
    await load.until(`events of ${projectId} are counted`, async () => {
      await this.count(projectId);
      await this.#stalled();
      return (await this.mesh.status(projectId)).balance!.foldedCount > 0n;
    });
    return load;
  }

  /** Waits until a partition says that it stands still, and why. */
  async untilStalled(why: RegExp): Promise<string> {
    const stalled = async () => (await this.#stalled()).find((text) => why.test(text));
    return until(`a partition waits and says ${why}`, stalled, PATIENCE);
  }

  async #stalled(): Promise<string[]> {
    const { partitions } = await this.mesh.clientOf("processing-1", StatusService).getStatus({ localOnly: true });
    return partitions.map((partition) => partition.stalled);
  }

  /** What is counted of a project, as reporting answers. */
  count(projectId: string, timeoutMs = 2_000): Promise<unknown> {
    const query = { projectId, metrics: ["ticks"], dimensions: ["producer"], timeRange: lastDays(3) };
    return this.mesh.client(ReportingService).query({ query }, { timeoutMs });
  }

  /** Expects that a question fails, in plain words; gives them. */
  async expectNoAnswer(projectId: string): Promise<string> {
    const failure = await this.count(projectId, QUESTION_MS).then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    expect(failure?.code, failure?.rawMessage).toBe(Code.Unavailable);
    expect(failure?.rawMessage).toMatch(/Cassandra/);
    expect(failure?.rawMessage).not.toMatch(DRIVERS_WORDS);
    return failure!.rawMessage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh.dispose();
    const { cassandra, kafka } = this.#beneath;
    await Promise.all([this.claims, this.cache, cassandra, kafka].map((servers) => servers?.dispose()));
  }
}

/** Tells a Redis something by a connection of its own; gives its answer. */
export function tellRedis(servers: OwnServers, command: string): Promise<string> {
  const [host = "", port] = servers.nodes[0]!.address.split(":");
  const socket = connect({ host, port: Number(port) });
  return new Promise<string>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the Redis closed the connection")));
    socket.on("data", (bytes) => resolve(bytes.toString()));
    socket.write(`${command}\r\n`);
  }).finally(() => socket.destroy());
}
