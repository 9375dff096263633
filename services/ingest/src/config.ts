import {
  CACHE_VARIABLES,
  CLAIMS_VARIABLES,
  defineVariables,
  KAFKA_VARIABLES,
  REDIS_VARIABLES,
  SERVER_VARIABLES,
  SERVICE_KEY_VARIABLES,
  serviceUrl,
  type Values,
} from "@millrace/runtime";
import { INGEST_VARIABLES } from "./ingest-variables.ts";

/** Everything that can be set about ingest as a process of its own. `npm run ingest -- --help` prints it. */
export const VARIABLES = defineVariables({
  ...KAFKA_VARIABLES,
  ...CLAIMS_VARIABLES,
  ...CACHE_VARIABLES,
  ...REDIS_VARIABLES,
  configUrl: serviceUrl("config"),
  ...SERVICE_KEY_VARIABLES,
  ...INGEST_VARIABLES,
  ...SERVER_VARIABLES,
});

/** The values of the variables. */
export type Settings = Values<typeof VARIABLES>;
