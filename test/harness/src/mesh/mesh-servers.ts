import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { connect } from "@millrace/cassandra";
import { migrate } from "@millrace/migration";
import { environment } from "../checkout.ts";
import { runCli } from "../cli.ts";
import { cassandraServer, kafkaServer, redisServer } from "../servers/index.ts";

/** The servers that a mesh runs on. */
export type MeshServers = {
  readonly brokers: readonly string[];
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly claimsUrl: string;
  readonly cacheUrl: string;
  /** Replicas of topics and rows that are made. */
  readonly replicas: number;
};

/** What a mesh has of its own in its servers, as the variables that say so to services. */
export type MeshPlace = {
  readonly env: Readonly<Record<string, string>>;
  /** Removes what is large in it. */
  readonly remove: () => Promise<void>;
};

/** The servers of the run; those given instead of some of them, such as proxies in front. */
export async function meshServers(given: Partial<MeshServers> = {}): Promise<MeshServers> {
  const { brokers, contactPoints, claimsUrl, cacheUrl } = given;
  const [kafka, cassandra, redis] = await Promise.all([
    brokers === undefined ? kafkaServer() : undefined,
    contactPoints === undefined ? cassandraServer() : undefined,
    claimsUrl === undefined || cacheUrl === undefined ? redisServer() : undefined,
  ]);
  return {
    brokers: brokers ?? kafka!.brokers,
    contactPoints: contactPoints ?? cassandra!.contactPoints,
    localDataCenter: given.localDataCenter ?? cassandra?.localDataCenter ?? "datacenter1",
    claimsUrl: claimsUrl ?? redis!.url,
    cacheUrl: cacheUrl ?? redis!.url,
    replicas: given.replicas ?? 1,
  };
}

/**
 * A place for one mesh alone: topics, a keyspace and keys of its own, made as `millrace migrate` makes them.
 *
 * @param firstMigratedBy a checkout of an earlier release, whose `millrace migrate` makes all that there was then
 */
export async function makePlace(
  servers: MeshServers,
  partitions: number,
  firstMigratedBy?: string,
): Promise<MeshPlace> {
  const id = randomBytes(6).toString("hex");
  const keyspace = `mesh_${id}`;
  const env = {
    MILLRACE_KAFKA_BROKERS: servers.brokers.join(","),
    MILLRACE_KAFKA_TOPIC: `mesh-${id}.events`,
    MILLRACE_KAFKA_CONTROL_TOPIC: `mesh-${id}.control`,
    MILLRACE_KAFKA_DEAD_LETTERS_TOPIC: `mesh-${id}.dead-letters`,
    MILLRACE_KAFKA_GROUP: `mesh-${id}.processing`,
    MILLRACE_CASSANDRA_CONTACT_POINTS: servers.contactPoints.join(","),
    MILLRACE_CASSANDRA_DATA_CENTER: servers.localDataCenter,
    MILLRACE_CASSANDRA_KEYSPACE: keyspace,
    MILLRACE_CLAIMS_URL: servers.claimsUrl,
    MILLRACE_CACHE_URL: servers.cacheUrl,
    MILLRACE_REDIS_PREFIX: `mesh-${id}`,
  };
  const problems: string[] = [];
  const { replicas } = servers;
  // One broker keeps one copy, which a person must be told of, and a test knows.
  const allow = replicas === 1 ? ["replication-factor", "min-insync-replicas", "offsets-replication-factor"] : [];
  if (firstMigratedBy !== undefined) await migrateBy(firstMigratedBy, env, { partitions, replicas, allow });
  for await (const finding of migrate({ environment: env, partitions, replicas, allow })) {
    const { subject, level, text, advice } = finding;
    if (level === "problem") problems.push(`${subject}: ${text}${advice === undefined ? "" : ` (${advice})`}`);
  }
  if (problems.length > 0) throw new Error(`the servers can not be prepared: ${problems.join("; ")}`);
  return { env, remove: () => dropKeyspace(servers, keyspace) };
}

type Wanted = { readonly partitions: number; readonly replicas: number; readonly allow: readonly string[] };

async function migrateBy(checkout: string, env: MeshPlace["env"], wanted: Wanted): Promise<void> {
  const { partitions, replicas, allow } = wanted;
  const counts = ["--partitions", String(partitions), "--replicas", String(replicas)];
  const args = ["migrate", ...counts, ...(allow.length > 0 ? ["--allow", allow.join(",")] : [])];
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: tmpdir(), env: environment(env) }, checkout);
  if (exitCode !== 0) throw new Error(`millrace migrate of ${checkout} ended with ${exitCode}:\n${stdout}${stderr}`);
}

/** Best effort: what is left behind is in nobody's way. */
async function dropKeyspace({ contactPoints, localDataCenter }: MeshServers, keyspace: string): Promise<void> {
  const session = await connect({ contactPoints, localDataCenter, keyspace });
  try {
    await session.define("removing what a test made", `DROP KEYSPACE IF EXISTS ${keyspace}`);
  } catch {
    // A busy server removes it a little later, or not at all.
  } finally {
    await session.close();
  }
}
