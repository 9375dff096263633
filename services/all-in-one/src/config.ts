import { INGEST_VARIABLES } from "@millrace/ingest";
import { PROCESSING_VARIABLES } from "@millrace/processing";
import { bytes, defineVariables, integer, path, SERVER_VARIABLES, text } from "@millrace/runtime";

/** What MILLRACE_DEMO_PROJECT says for no project: an empty variable is one that is not set. */
export const NO_PROJECT = "none";

/** Everything that can be set about the process that holds all services. `npm start -- --help` prints it. */
export const VARIABLES = defineVariables({
  dataDirectory: path({
    name: "MILLRACE_DATA_DIR",
    default: ".millrace",
    doc: "Where everything is kept: the log, the cells, the configuration, and the credentials of the command line.",
  }),
  ...SERVER_VARIABLES,
  demoProject: text({
    name: "MILLRACE_DEMO_PROJECT",
    default: "demo",
    form: {
      pattern: /^[a-z][a-z0-9-]{0,62}$/,
      allowed: 'a project id: 1 to 63 of a-z, 0-9 and "-", starting with a letter',
    },
    doc: "The project that a first start creates, of the template web; none for no project.",
  }),
  partitions: integer({
    name: "MILLRACE_PARTITIONS",
    default: 4,
    min: 1,
    max: 64,
    doc: "Into how many partitions the log is divided. Fixed once the data directory exists.",
  }),
  claimBytes: bytes({
    name: "MILLRACE_CLAIM_BYTES",
    default: 112 * 1024 * 1024,
    min: 16 * 1024 * 1024,
    max: 64 * 1024 * 1024 * 1024,
    doc: "Memory for claims of event ids; what does not fit is read from disk when it is needed.",
  }),
  ...INGEST_VARIABLES,
  ...PROCESSING_VARIABLES,
});
