import {
  CACHE_VARIABLES,
  CASSANDRA_VARIABLES,
  CLAIMS_VARIABLES,
  defineVariables,
  KAFKA_CONSUMER_VARIABLES,
  KAFKA_VARIABLES,
  REDIS_VARIABLES,
  SERVER_VARIABLES,
  SERVICE_KEY_VARIABLES,
  serviceUrl,
  type Values,
} from "@millrace/runtime";
import { PROCESSING_VARIABLES } from "./processing-variables.ts";

/** Everything that can be set about processing as a process of its own. `npm run processing -- --help` prints it. */
export const VARIABLES = defineVariables({
  ...KAFKA_VARIABLES,
  ...KAFKA_CONSUMER_VARIABLES,
  ...CASSANDRA_VARIABLES,
  ...CLAIMS_VARIABLES,
  ...CACHE_VARIABLES,
  ...REDIS_VARIABLES,
  configUrl: serviceUrl("config"),
  processingUrl: serviceUrl("processing"),
  ...SERVICE_KEY_VARIABLES,
  ...PROCESSING_VARIABLES,
  ...SERVER_VARIABLES,
});

/** The values of the variables. */
export type Settings = Values<typeof VARIABLES>;
