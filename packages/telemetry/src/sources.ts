/** All services. */
export const ALL_SERVICES = ["ingest", "processing", "config", "reporting", "dashboard"] as const;

/** A process that gives metrics. The one of `npm start` gives those of all. */
export type MetricSource = (typeof ALL_SERVICES)[number];

/** Those that append to the event log; they claim events, too. */
export const WITH_LOG: readonly MetricSource[] = ["ingest", "processing"];
/** Those that use the cache. */
export const WITH_CACHE: readonly MetricSource[] = ["ingest", "processing", "reporting"];
/** Those that use the cell store. */
export const WITH_CELLS: readonly MetricSource[] = ["processing", "reporting"];
/** Those that use the record store. */
export const WITH_RECORDS: readonly MetricSource[] = ["config", "dashboard"];
/** Those that know of configuration by what config tells them. */
export const WITH_SNAPSHOT: readonly MetricSource[] = ["ingest", "processing", "reporting", "dashboard"];
