import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startCassandra, startCassandraCluster } from "../cassandra/server.ts";
import { startKafka, startKafkaCluster } from "../kafka/server.ts";
import { type Launched, launch } from "../launch.ts";
import { startRedis } from "../redis/server.ts";
import type { Deed, OwnReply, OwnRequest, StartRequest } from "./request.ts";

/** A node that has not ended so long after it was asked to is killed. */
const STOPPED_WITHIN_MS = 30_000;

/** Another program may have taken a port that was free. */
const ATTEMPTS = 2;

/** The servers of one connection to the keeper. They live as long as that, at most. */
export class HeldServers {
  readonly #folder: string;
  #nodes: Launched[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  /** @param folder gets their data and logs; must not exist yet */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Does what is asked. Never rejects: what went wrong is in the reply. */
  async answer(request: OwnRequest): Promise<OwnReply> {
    const { id } = request;
    try {
      if ("start" in request) return { id, nodes: await this.#start(request) };
      await this.#do(request.node, request.deed);
      return { id };
    } catch (error) {
      this.#hasFailed = true;
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Kills what runs, and removes the data; the logs too, unless something failed. */
  async dispose(): Promise<void> {
    await this.#starting;
    for (const { program } of this.#nodes) program.signal("SIGKILL");
    await Promise.all(this.#nodes.map(({ program }) => program.ended));
    rmSync(this.#hasFailed ? join(this.#folder, "data") : this.#folder, { recursive: true, force: true });
  }

  async #start(request: StartRequest) {
    const started = startTwice(this.#folder, (home) => startServers(home, request));
    this.#starting = started.catch(() => {});
    this.#nodes = await started;
    return this.#nodes.map(({ address, behindProxies = [] }) => ({ address, behindProxies }));
  }

  async #do(index: number, deed: Deed): Promise<void> {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    const { program, address } = node;
    if (deed === "start") {
      if (program.isRunning()) throw new Error(`${address} runs`);
      const { program: next } = await launch(node.again);
      this.#nodes[index] = { ...node, program: next };
      return;
    }
    if (!program.isRunning()) throw new Error(`${address} does not run`);
    if (deed === "freeze") program.signal("SIGSTOP");
    if (deed === "thaw") program.signal("SIGCONT");
    if (deed === "kill9") program.signal("SIGKILL");
    if (deed === "stop") {
      program.signal("SIGCONT");
      program.signal("SIGTERM");
    }
    if (deed === "kill9" || deed === "stop") {
      const timer = setTimeout(() => program.signal("SIGKILL"), STOPPED_WITHIN_MS);
      await program.ended;
      clearTimeout(timer);
    }
  }
}

function startServers(home: string, request: StartRequest): Promise<Launched[]> {
  switch (request.start) {
    case "kafka":
      return startKafka(home, request.options);
    case "kafkaCluster":
      return startKafkaCluster(home, request.options);
    case "cassandra":
      return startCassandra(home, request.options);
    case "cassandraCluster":
      return startCassandraCluster(home, request.options);
    case "redis":
      return startRedis(home, request.options);
  }
}

async function startTwice(folder: string, start: (home: string) => Promise<Launched[]>): Promise<Launched[]> {
  for (let attempt = 1; ; attempt++) {
    const home = join(folder, `${attempt}`);
    mkdirSync(home, { recursive: true });
    try {
      return await start(home);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
