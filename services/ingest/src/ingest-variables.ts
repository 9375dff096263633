import { bytes } from "@millrace/runtime";

/** What can be set about ingest wherever it runs. */
export const INGEST_VARIABLES = {
  bytesInFlight: bytes({
    name: "MILLRACE_BYTES_IN_FLIGHT",
    default: 64 * 1024 * 1024,
    // A compressed body may take twice the largest one: it has to fit, or it could never be taken.
    min: 8 * 1024 * 1024,
    max: 4 * 1024 * 1024 * 1024,
    doc: "How many bytes of events ingest takes before they are durable; beyond, callers are told to come back later.",
  }),
};
