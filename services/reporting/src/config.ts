import {
  CACHE_VARIABLES,
  CASSANDRA_VARIABLES,
  defineVariables,
  REDIS_VARIABLES,
  SERVER_VARIABLES,
  SERVICE_KEY_VARIABLES,
  serviceUrl,
  type Values,
} from "@millrace/runtime";

/** Everything that can be set about reporting as a process of its own. `npm run reporting -- --help` prints it. */
export const VARIABLES = defineVariables({
  ...CASSANDRA_VARIABLES,
  ...CACHE_VARIABLES,
  ...REDIS_VARIABLES,
  configUrl: serviceUrl("config"),
  ...SERVICE_KEY_VARIABLES,
  ...SERVER_VARIABLES,
});

/** The values of the variables. */
export type Settings = Values<typeof VARIABLES>;
