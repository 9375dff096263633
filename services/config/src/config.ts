import {
  CASSANDRA_VARIABLES,
  defineVariables,
  integer,
  SERVER_VARIABLES,
  SERVICE_KEY_VARIABLES,
  text,
  type Values,
} from "@millrace/runtime";

/** Everything that can be set about config as a process of its own. `npm run config -- --help` prints it. */
export const VARIABLES = defineVariables({
  ...CASSANDRA_VARIABLES,
  ...SERVICE_KEY_VARIABLES,
  adminKey: text({
    name: "MILLRACE_ADMIN_KEY",
    secret: true,
    form: { pattern: /^mlr_live_\w+$/, allowed: "an API key, as millrace key new makes one" },
    doc: "An API key that may manage the whole account: it is made known where it is not. With none given, one must be known already.",
  }),
  processingVersion: integer({
    name: "MILLRACE_PROCESSING_VERSION",
    min: 1,
    max: 65_535,
    doc: "The version of enrichment and fold that new revisions are stamped with; the newest that this release knows. Raise it once every processor knows it.",
  }),
  ...SERVER_VARIABLES,
});

/** The values of the variables. */
export type Settings = Values<typeof VARIABLES>;
