/** The bounds of an ingest process. */
export type IngestLimits = {
  /** Bytes of requests held at once, from before they are read until they are durable and answered. */
  readonly bytesInFlight: number;
  /** Bytes that a stream carries before it is answered. */
  readonly streamBytes: number;
  /** The age at which a stream is answered, at random between. */
  readonly streamAgeMsMin: number;
  readonly streamAgeMsMax: number;
  /** The HTTP/2 window of a stream, and the bound on all such windows together. */
  readonly streamWindowBytes: number;
  readonly windowBytes: number;
  /** Ids remembered, a power of two, 16 bytes each; and for how long at most. */
  readonly recentIds: number;
  readonly recentIdsMs: number;
  /** How long an append may take before its outcome is taken for unknown. */
  readonly appendTimeoutMs: number;
};

const MEBIBYTE = 1024 * 1024;

/** What holds where nothing else is said. */
export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  bytesInFlight: 64 * MEBIBYTE,
  streamBytes: 8 * MEBIBYTE,
  streamAgeMsMin: 30_000,
  streamAgeMsMax: 60_000,
  streamWindowBytes: 4 * MEBIBYTE,
  windowBytes: 64 * MEBIBYTE,
  recentIds: 262_144,
  recentIdsMs: 600_000,
  appendTimeoutMs: 30_000,
};
