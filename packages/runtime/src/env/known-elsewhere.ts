import { CASSANDRA_VARIABLES } from "./cassandra-variables.ts";
import { KAFKA_CONSUMER_VARIABLES, KAFKA_VARIABLES } from "./kafka-variables.ts";
import { CACHE_VARIABLES, CLAIMS_VARIABLES, REDIS_VARIABLES } from "./redis-variables.ts";
import { SERVICE_KEY_VARIABLES, serviceUrl } from "./service-variables.ts";

/**
 * Variables of which each service knows some: those of the others are no mistakes, as all services of an installation are often
 * given the same environment.
 */
export const KNOWN_ELSEWHERE: readonly string[] = [
  CASSANDRA_VARIABLES,
  KAFKA_VARIABLES,
  KAFKA_CONSUMER_VARIABLES,
  CACHE_VARIABLES,
  CLAIMS_VARIABLES,
  REDIS_VARIABLES,
  SERVICE_KEY_VARIABLES,
  (["ingest", "config", "reporting", "processing"] as const).map(serviceUrl),
]
  .flatMap((table) => Object.values(table).map(({ name }): string => name))
  .concat(
    "MILLRACE_ADMIN_KEY",
    "MILLRACE_BLOCK_BYTES",
    "MILLRACE_BYTES_IN_FLIGHT",
    "MILLRACE_COARSE_FLUSH_PERCENT",
    "MILLRACE_PROCESSING_VERSION",
  );
