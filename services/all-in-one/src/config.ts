import { bytes, defineVariables, flag, integer, path, SERVER_VARIABLES, text } from "@millrace/runtime";

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
  blockBytes: bytes({
    name: "MILLRACE_BLOCK_BYTES",
    default: 96 * 1024 * 1024,
    min: 8 * 1024 * 1024,
    max: 64 * 1024 * 1024 * 1024,
    doc: "Memory for blocks of cells in processing; what does not fit is read from disk when it is needed.",
  }),
  claimBytes: bytes({
    name: "MILLRACE_CLAIM_BYTES",
    default: 112 * 1024 * 1024,
    min: 16 * 1024 * 1024,
    max: 64 * 1024 * 1024 * 1024,
    doc: "Memory for claims of event ids; what does not fit is read from disk when it is needed.",
  }),
  bytesInFlight: bytes({
    name: "MILLRACE_BYTES_IN_FLIGHT",
    default: 64 * 1024 * 1024,
    // A compressed body may take twice the largest one: it has to fit, or it could never be taken.
    min: 8 * 1024 * 1024,
    max: 4 * 1024 * 1024 * 1024,
    doc: "How many bytes of events ingest takes before they are durable; beyond, callers are told to come back later.",
  }),
  coarseFlushPercent: integer({
    name: "MILLRACE_COARSE_FLUSH_PERCENT",
    default: 100,
    min: 1,
    max: 100,
    doc: "How long coarse buckets may wait to be stored, in percent of the usual 9 (15m), 36 (1h) and 60 (1d) seconds.",
  }),
  prettyLog: flag({
    name: "MILLRACE_LOG_PRETTY",
    default: process.stdout.isTTY === true,
    doc: "Whether log lines are written for people instead of as JSON.",
  }),
});
