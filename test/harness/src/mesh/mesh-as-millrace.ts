import type { Millrace, MillraceOptions } from "../millrace.ts";
import { launchMesh } from "./mesh.ts";

/** Kafka misses a processor that was killed for so long, and a test that kills all of them waits for it each time. */
const QUICKLY_MISSED = { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" };

/**
 * A mesh for tests that were written for one process: settings go to every process, the number of partitions to the topic,
 * and proxies are in front of the dashboard.
 */
export async function launchMeshAsMillrace({ env = {}, dataDirectory }: MillraceOptions): Promise<Millrace> {
  const {
    MILLRACE_PORT: _port,
    MILLRACE_ADMIN_PORT: _adminPort,
    MILLRACE_PARTITIONS: partitions,
    MILLRACE_TRUSTED_PROXIES: trustedProxies,
    ...everywhere
  } = env;
  const mesh = await launchMesh({
    env: { ...QUICKLY_MISSED, ...everywhere },
    ...(partitions !== undefined && { partitions: Number(partitions) }),
    ...(trustedProxies !== undefined && { envOf: { dashboard: { MILLRACE_TRUSTED_PROXIES: trustedProxies } } }),
    ...(dataDirectory !== undefined && { dataDirectory }),
  });
  // Both are an Installation; what only a process has (`signal`, `exit`), tests of one process ask for.
  return mesh as unknown as Millrace;
}
