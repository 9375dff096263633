import { bytes, integer } from "@millrace/runtime";

/** What can be set about processing wherever it runs. */
export const PROCESSING_VARIABLES = {
  blockBytes: bytes({
    name: "MILLRACE_BLOCK_BYTES",
    default: 96 * 1024 * 1024,
    min: 8 * 1024 * 1024,
    max: 64 * 1024 * 1024 * 1024,
    doc: "Memory for blocks of cells in processing; what does not fit is read from where it is stored when it is needed.",
  }),
  coarseFlushPercent: integer({
    name: "MILLRACE_COARSE_FLUSH_PERCENT",
    default: 100,
    min: 1,
    max: 100,
    doc: "How long coarse buckets may wait to be stored, in percent of the usual 9 (15m), 36 (1h) and 60 (1d) seconds.",
  }),
};
