/** The numbers of the event-batch format that its writer and its reader share. docs/formats/event-batch.md explains them. */

/** The only version there is. */
export const FORMAT_VERSION = 1;

/** Record flag: the body is a zstd frame, and its raw length stands before it. */
export const RECORD_COMPRESSED = 1;

/** Section flag: the events came by a key with the scope IMPORT. */
export const SECTION_IMPORTED = 1;

/** Event flag: the event came after the late window. */
export const EVENT_LATE = 1;
/** Event flag: an id that ingest assigned follows the times. */
export const EVENT_ASSIGNED_ID = 2;
/** Event flag: the claim time differs from the time, and follows it. */
export const EVENT_CLAIM_TIME = 4;

/** Version and flags. */
export const HEADER_BYTES = 2;
/** The raw length of a compressed body. */
export const RAW_LENGTH_BYTES = 4;
/** The checksum at the end. */
export const CHECKSUM_BYTES = 4;

/** What an event needs beside its id and bytes, at most: flags, two times, two lengths. */
export const EVENT_OVERHEAD_BYTES = 1 + 8 + 8 + 2 + 5;
/** What a section needs beside its texts, at most: two lengths, two versions, flags, time, event count. */
export const SECTION_OVERHEAD_BYTES = 2 + 2 + 8 + 8 + 1 + 8 + 2;
