import {
  CASSANDRA_VARIABLES,
  defineVariables,
  SERVER_VARIABLES,
  SERVICE_KEY_VARIABLES,
  serviceUrl,
  type Values,
} from "@millrace/runtime";

/** Everything that can be set about the dashboard as a process of its own. `npm run dashboard -- --help` prints it. */
export const VARIABLES = defineVariables({
  ...CASSANDRA_VARIABLES,
  ingestUrl: serviceUrl("ingest"),
  configUrl: serviceUrl("config"),
  reportingUrl: serviceUrl("reporting"),
  processingUrl: serviceUrl("processing"),
  ...SERVICE_KEY_VARIABLES,
  ...SERVER_VARIABLES,
});

/** The values of the variables. */
export type Settings = Values<typeof VARIABLES>;
