import { parseEnvironment } from "@millrace/runtime";
import { BACKENDS, type Backends } from "./backends.ts";
import { prepareCassandra } from "./cassandra.ts";
import type { Finding } from "./finding.ts";
import { prepareKafka } from "./kafka.ts";
import { type MigrationRequest, TARGETS, type Target } from "./request.ts";
import { CASSANDRA_TABLE, KAFKA_TABLE } from "./variables.ts";

/**
 * Prepares the servers of an installation, and tells of each thing as it goes: makes what is missing, changes what is not as
 * it has to be, and leaves everything else alone. May be run again, by two at once, and after it was killed midway.
 *
 * Fails with `invalid` where the environment is wrong, `unavailable` where a server can't be reached, `precondition` where it
 * refuses who asks. What is unsafe or missing is a finding, not a failure.
 */
export async function* migrate(
  request: MigrationRequest,
  backends: Backends = BACKENDS,
): AsyncGenerator<Finding, void, undefined> {
  const targets = request.targets ?? TARGETS;
  // All is read before anything is changed.
  const steps = TARGETS.filter((target) => targets.includes(target)).map((target) => stepOf(target, request, backends));
  for (const step of steps) yield* step();
}

function stepOf(target: Target, request: MigrationRequest, backends: Backends): () => AsyncGenerator<Finding> {
  switch (target) {
    case "kafka": {
      const values = parseEnvironment(KAFKA_TABLE, request.environment);
      return () => prepareKafka(values, request, backends);
    }
    case "cassandra": {
      const values = parseEnvironment(CASSANDRA_TABLE, request.environment);
      return () => prepareCassandra(values, request, backends);
    }
  }
}
