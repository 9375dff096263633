/**
 * Every metric of Millrace: the one place where names, units, meanings and attributes are said. Instruments are made from
 * it (`instruments.ts`), docs/metrics.md is written from it, and dashboards and alerts take their names from it.
 *
 * Names, units and attributes follow the conventions of OpenTelemetry; what those name themselves (`rpc.*`, `process.*`,
 * `nodejs.*`, `v8js.*`, `messaging.*`, `error.type`) is called as there, everything else begins with `millrace.`.
 */
import type { AttributeDeclaration, MetricDeclaration, MetricSource } from "./declaration.ts";

const ALL: readonly MetricSource[] = ["ingest", "processing", "config", "reporting", "dashboard"];
const WITH_LOG: readonly MetricSource[] = ["ingest", "processing"];
const WITH_CACHE: readonly MetricSource[] = ["ingest", "processing", "reporting"];
const WITH_CELLS: readonly MetricSource[] = ["processing", "reporting"];
const WITH_RECORDS: readonly MetricSource[] = ["config", "dashboard"];
const WITH_SNAPSHOT: readonly MetricSource[] = ["ingest", "processing", "reporting", "dashboard"];

const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const FAST_SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const VISIBLE_SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600];
const DRAIN_SECONDS = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90];
const COUNTS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];
const SIZES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

const PROJECT = {
  name: "millrace.project",
  meaning: "The project's id.",
  bound: "the first 100 projects of the process; all others together are `other`",
} as const;
const PARTITION = {
  name: "millrace.partition",
  meaning: "The partition of the event log.",
  bound: "the partitions that the process owns, so at most as many as the topic has",
} as const;
const TIER = { name: "millrace.tier", meaning: "The width of the blocks.", values: ["1m", "15m", "1h", "1d"] } as const;
const GROUP = {
  name: "messaging.consumer.group.name",
  meaning: "The group of consumers.",
  bound: "1, which is configured",
} as const;
const TOPIC = {
  name: "messaging.destination.name",
  meaning: "The topic.",
  bound: "2, which are configured: that of the events, and that of the dead letters",
} as const;
const FAILURE_KIND = {
  name: "error.type",
  meaning: "The kind of the failure, as docs/errors.md explains.",
  values: [
    "invalid",
    "notFound",
    "exists",
    "stale",
    "precondition",
    "outOfRange",
    "exhausted",
    "unavailable",
    "unknownOutcome",
    "unauthenticated",
    "denied",
    "cancelled",
    "deadline",
    "corrupt",
    "unimplemented",
    "internal",
  ],
} as const;
const BACKEND = {
  name: "millrace.backend",
  meaning: "What the port is served by.",
  values: ["embedded", "cassandra", "kafka", "redis"],
} as const;
const BREAKER = {
  name: "millrace.breaker",
  meaning: "The server whose calls it lets through.",
  values: ["cache", "claims"],
} as const;
const QUERY_KIND = {
  name: "millrace.query.kind",
  meaning:
    "What was asked for: one value, a series by time, a table by dimensions, or a series for each row of such a table.",
  values: ["total", "series", "breakdown", "series_breakdown"],
} as const;

function operations<const Names extends readonly string[]>(...values: Names) {
  return { name: "millrace.operation", meaning: "The call.", values } as const;
}
function outcomes<const Names extends readonly string[]>(meaning: string, ...values: Names) {
  return { name: "millrace.outcome", meaning, values } as const;
}

const LOG_CALL = operations("append", "join", "committed", "bounds", "consume");
const CLAIM_CALL = operations("claim", "lookup", "release", "expire");
const CACHE_CALL = operations("get", "set", "delete", "increment", "publish", "subscribe");
const CELL_CALL = operations("write_blocks", "write_states", "expire", "read_blocks", "scan", "read_states");
const RECORD_CALL = operations("get", "list", "put", "watch");

/** All metrics, by name. */
export const METRICS = {
  // Calls that a service takes, whatever the protocol.
  "rpc.server.call.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "Time from a call's headers to the end of its answer; of a stream, its whole life.",
    from: ALL,
    buckets: CALL_SECONDS,
    attributes: [
      {
        name: "rpc.method",
        meaning: "Service and method, or the path of what is no RPC.",
        bound: "what the service serves; anything else is `(unknown)` or `(preflight)`",
      },
      {
        name: "rpc.response.status_code",
        meaning: "`ok`, the word for a Connect code, or `http_` with an HTTP status.",
        bound: "17 words, and the HTTP statuses that are answered",
      },
      { name: "rpc.system.name", meaning: "How the caller spoke.", values: ["connect", "grpc", "grpc-web", "http"] },
    ],
  },
  "millrace.server.active_calls": {
    kind: "updown",
    unit: "{call}",
    meaning: "Calls under way, streams among them.",
    from: ALL,
    attributes: [],
  },

  // The process.
  "process.memory.usage": {
    kind: "observable-updown",
    unit: "By",
    meaning: "Resident memory.",
    from: ALL,
    attributes: [],
  },
  "process.cpu.time": {
    kind: "observable-counter",
    unit: "s",
    meaning: "CPU time used.",
    from: ALL,
    attributes: [{ name: "cpu.mode", meaning: "Whose work it was.", values: ["user", "system"] }],
  },
  "process.uptime": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "Age of the process.",
    from: ALL,
    attributes: [],
  },
  "nodejs.eventloop.delay.mean": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "Mean delay of the event loop since it was read last.",
    from: ALL,
    attributes: [],
  },
  "nodejs.eventloop.delay.p50": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "Median delay of the event loop since it was read last.",
    from: ALL,
    attributes: [],
  },
  "nodejs.eventloop.delay.p99": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "99th percentile of the event loop's delay since it was read last.",
    from: ALL,
    attributes: [],
  },
  "nodejs.eventloop.delay.max": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "Longest delay of the event loop since it was read last.",
    from: ALL,
    attributes: [],
  },
  "nodejs.eventloop.utilization": {
    kind: "observable-gauge",
    unit: "1",
    meaning: "How much of the time since it was read last the event loop was at work.",
    from: ALL,
    attributes: [],
  },
  "millrace.process.heap.used": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "JavaScript objects in memory, garbage among them.",
    from: ALL,
    attributes: [],
  },
  "millrace.process.heap.limit": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "The size of the heap at which the process ends for want of memory.",
    from: ALL,
    attributes: [],
  },
  "millrace.process.buffers": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "Memory of buffers outside of the heap.",
    from: ALL,
    attributes: [],
  },
  "millrace.process.memory.limit": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "The memory at which the system ends the process, as its container is limited; absent where it is not.",
    from: ALL,
    rare: true,
    attributes: [],
  },
  "millrace.tls.certificate.expiry": {
    kind: "observable-gauge",
    unit: "s",
    meaning:
      "The moment, since 1970, from which on the certificate that the process shows is invalid; absent without one.",
    from: ALL,
    rare: true,
    attributes: [],
  },
  "millrace.drain.elapsed": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "For how long the process has been draining; 0 while it is not.",
    from: ALL,
    attributes: [],
  },
  "millrace.drain.duration": {
    kind: "histogram",
    unit: "s",
    meaning:
      "How long a part of the process took to drain; `process` is all of it. A scrape may come too late for it: see the log.",
    from: ALL,
    rare: true,
    buckets: DRAIN_SECONDS,
    attributes: [
      {
        name: "millrace.component",
        meaning: "The part that drained.",
        values: ["process", "server", "ingest", "processing", "reporting"],
      },
    ],
  },

  // What a service knows of configuration.
  "millrace.snapshot.lookups": {
    kind: "observable-counter",
    unit: "{lookup}",
    meaning: "Questions to the copy of the configuration: answered from memory, or not before config was asked.",
    from: WITH_SNAPSHOT,
    attributes: [
      {
        name: "millrace.snapshot.cache",
        meaning: "What was looked up.",
        values: ["definitions", "credentials", "revisions"],
      },
      outcomes("Whether it was in memory.", "hit", "miss"),
    ],
  },
  "millrace.snapshot.watching": {
    kind: "observable-gauge",
    unit: "{stream}",
    meaning: "1 while config tells this process of changes; 0 while what is known may be old.",
    from: WITH_SNAPSHOT,
    attributes: [],
  },

  // Ingest.
  "millrace.ingest.events": {
    kind: "counter",
    unit: "{event}",
    meaning: "Events by what became of them: durable, known already, not allowed, or to be sent again.",
    from: ["ingest"],
    attributes: [
      outcomes("What became of them.", "accepted", "duplicate", "rejected", "retry"),
      {
        name: "error.type",
        meaning: "The reason, as docs/errors.md explains; empty for accepted ones.",
        bound: "the reasons of docs/errors.md that are about events, some 20",
      },
      PROJECT,
    ],
  },
  "millrace.ingest.late_events": {
    kind: "counter",
    unit: "{event}",
    meaning: "Accepted events that came after their project's late window.",
    from: ["ingest"],
    rare: true,
    attributes: [PROJECT],
  },
  "millrace.ingest.unknown_visitors": {
    kind: "counter",
    unit: "{event}",
    meaning: "Events of web pages without a visitor, since the day's secret or the address was not known.",
    from: ["ingest"],
    rare: true,
    attributes: [PROJECT],
  },
  "millrace.ingest.in_flight.usage": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "Bytes of requests that are held until their events are durable.",
    from: ["ingest"],
    attributes: [],
  },
  "millrace.ingest.in_flight.limit": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "The number of bytes in flight from which on requests are refused.",
    from: ["ingest"],
    attributes: [],
  },
  "millrace.ingest.streams": {
    kind: "updown",
    unit: "{stream}",
    meaning: "Streams of producers that are open.",
    from: ["ingest"],
    attributes: [],
  },

  // The event log, from both sides.
  "millrace.event_log.append.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long an append took until it was durable, or failed.",
    from: WITH_LOG,
    rare: ["processing"],
    buckets: FAST_SECONDS,
    attributes: [],
  },
  "millrace.event_log.append.records": {
    kind: "counter",
    unit: "{record}",
    meaning: "Records appended.",
    from: WITH_LOG,
    zeros: [{}],
    attributes: [],
  },
  "millrace.event_log.append.io": {
    kind: "counter",
    unit: "By",
    meaning: "Bytes of the values appended.",
    from: WITH_LOG,
    zeros: [{}],
    attributes: [],
  },
  "millrace.event_log.consume.records": {
    kind: "counter",
    unit: "{record}",
    meaning: "Records handed over to be folded, those that are handed over again counted again.",
    from: ["processing"],
    attributes: [GROUP],
  },
  "millrace.event_log.consume.io": {
    kind: "counter",
    unit: "By",
    meaning: "Bytes of the values handed over.",
    from: ["processing"],
    attributes: [GROUP],
  },
  "millrace.event_log.errors": {
    kind: "counter",
    unit: "{error}",
    meaning: "Calls to the event log that failed.",
    from: WITH_LOG,
    zeros: [{ "millrace.operation": "append", "error.type": "unavailable" }],
    attributes: [LOG_CALL, FAILURE_KIND],
  },
  "millrace.event_log.partitions": {
    kind: "observable-gauge",
    unit: "{partition}",
    meaning: "Partitions that the log has, whoever owns them.",
    from: WITH_LOG,
    attributes: [],
  },
  "millrace.event_log.partition.moves": {
    kind: "counter",
    unit: "{partition}",
    meaning: "Partitions that the process was given, gave up in good order, or lost.",
    from: ["processing"],
    attributes: [GROUP, { name: "millrace.change", meaning: "What happened.", values: ["gained", "given_up", "lost"] }],
  },
  "millrace.event_log.kafka.rebalances": {
    kind: "counter",
    unit: "{rebalance}",
    meaning: "How often the group shared out its partitions, as this member took part in it.",
    from: ["processing"],
    only: "servers",
    attributes: [GROUP],
  },
  "millrace.event_log.kafka.attempts": {
    kind: "counter",
    unit: "{batch}",
    meaning: "Batches sent to Kafka, those that were repeated counted again.",
    from: WITH_LOG,
    only: "servers",
    zeros: [{ "millrace.outcome": "not_stored" }, { "millrace.outcome": "unclear" }],
    attributes: [TOPIC, outcomes("What came of it.", "stored", "not_stored", "unclear")],
  },
  "millrace.event_log.kafka.producer.renewals": {
    kind: "counter",
    unit: "{producer}",
    meaning: "Producers given up for another one, after an append whose outcome was not clear.",
    from: WITH_LOG,
    only: "servers",
    zeros: [{}],
    attributes: [TOPIC],
  },
  "millrace.event_log.kafka.queue": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "Bytes that wait to be acknowledged by Kafka.",
    from: WITH_LOG,
    only: "servers",
    attributes: [TOPIC],
  },

  // Processing.
  "millrace.processing.events": {
    kind: "counter",
    unit: "{event}",
    meaning: "Events by what became of them, those that were folded again after a restart counted again.",
    from: ["processing"],
    attributes: [outcomes("What became of them.", "folded", "bot", "duplicate", "late", "dead_lettered"), PROJECT],
  },
  "millrace.processing.partitions": {
    kind: "observable-gauge",
    unit: "{partition}",
    meaning: "Partitions that the process owns.",
    from: ["processing"],
    attributes: [],
  },
  "millrace.processing.lag.records": {
    kind: "observable-gauge",
    unit: "{record}",
    meaning: "Records of the partition that are not folded yet.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.lag.events": {
    kind: "observable-gauge",
    unit: "{event}",
    meaning: "Events that are not folded yet: the records, by the mean number of events in those folded last.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.lag.time": {
    kind: "observable-gauge",
    unit: "s",
    meaning: "How far the fold is behind the end of the partition: the age of the last record folded; 0 at the end.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.offset.committed": {
    kind: "observable-gauge",
    unit: "{record}",
    meaning: "The committed offset: from here on records are folded again after a crash.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.offset.next": {
    kind: "observable-gauge",
    unit: "{record}",
    meaning: "The offset of the next record to be folded.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.offset.end": {
    kind: "observable-gauge",
    unit: "{record}",
    meaning: "The offset that the next record in the partition will get.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.uncommitted": {
    kind: "observable-gauge",
    unit: "{record}",
    meaning: "Records that are folded and not committed yet.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.stalled": {
    kind: "observable-gauge",
    unit: "{partition}",
    meaning: "1 while the partition waits for something that is away, or can not go on; else 0.",
    from: ["processing"],
    attributes: [PARTITION],
  },
  "millrace.processing.watermark": {
    kind: "observable-gauge",
    unit: "s",
    meaning:
      "The moment, since 1970, up to which everything appended is in stored blocks; absent while it is not known.",
    from: ["processing"],
    attributes: [PARTITION, TIER],
  },
  "millrace.processing.event_to_visible": {
    kind: "histogram",
    unit: "s",
    meaning: "Time from when ingest took the oldest event of a record until every event of it could be asked for.",
    from: ["processing"],
    buckets: VISIBLE_SECONDS,
    attributes: [],
  },
  "millrace.processing.fold.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a batch of records took to be decoded, claimed and folded, waits included.",
    from: ["processing"],
    buckets: CALL_SECONDS,
    attributes: [],
  },
  "millrace.processing.fold.events": {
    kind: "histogram",
    unit: "{event}",
    meaning: "Events in a batch that was folded.",
    from: ["processing"],
    buckets: COUNTS,
    attributes: [],
  },
  "millrace.processing.flush.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a flush took until all its blocks were stored.",
    from: ["processing"],
    buckets: CALL_SECONDS,
    attributes: [TIER],
  },
  "millrace.processing.flush.blocks": {
    kind: "histogram",
    unit: "{block}",
    meaning: "Blocks that a flush stored.",
    from: ["processing"],
    buckets: COUNTS,
    attributes: [TIER],
  },
  "millrace.processing.flush.size": {
    kind: "histogram",
    unit: "By",
    meaning: "Bytes of the blocks that a flush stored.",
    from: ["processing"],
    buckets: SIZES,
    attributes: [TIER],
  },
  "millrace.processing.cell.count": {
    kind: "observable-gauge",
    unit: "{cell}",
    meaning: "Cells of the blocks in memory, as far as they are open.",
    from: ["processing"],
    attributes: [],
  },
  "millrace.processing.block.count": {
    kind: "observable-gauge",
    unit: "{block}",
    meaning: "Blocks in memory.",
    from: ["processing"],
    attributes: [],
  },
  "millrace.processing.block.memory.usage": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "Memory that blocks hold, roughly.",
    from: ["processing"],
    attributes: [],
  },
  "millrace.processing.block.memory.limit": {
    kind: "observable-gauge",
    unit: "By",
    meaning: "The memory from which on stored blocks are forgotten; at 1.25 times as much the fold waits.",
    from: ["processing"],
    attributes: [],
  },
  "millrace.processing.dead_letter.kept": {
    kind: "counter",
    unit: "{letter}",
    meaning: "Events, or records that can not be read, that were kept as dead letters, replays counted again.",
    from: ["processing"],
    zeros: [
      { "error.type": "RECORD_UNREADABLE" },
      { "error.type": "EVENT_UNREADABLE" },
      { "error.type": "REVISION_NOT_FOUND" },
      { "error.type": "FOLD_FAILED" },
    ],
    attributes: [
      {
        name: "error.type",
        meaning: "Why it could not be folded.",
        values: ["RECORD_UNREADABLE", "EVENT_UNREADABLE", "REVISION_NOT_FOUND", "FOLD_FAILED"],
      },
    ],
  },
  "millrace.processing.dead_letter.redriven": {
    kind: "counter",
    unit: "{letter}",
    meaning: "Dead letters that were asked to be redriven, by what became of them.",
    from: ["processing"],
    zeros: [{ "millrace.outcome": "redriven" }],
    attributes: [
      {
        name: "millrace.outcome",
        meaning: "`redriven`, or why not.",
        bound: "the reasons of `RedriveDeadLetters`, under 10",
      },
    ],
  },
  "millrace.processing.tails": {
    kind: "observable-gauge",
    unit: "{project}",
    meaning: "Projects whose events are told to whoever tails them.",
    from: ["processing"],
    attributes: [],
  },

  // Claims: whose event it is.
  "millrace.claims.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a call to the claims took.",
    from: WITH_LOG,
    buckets: FAST_SECONDS,
    attributes: [CLAIM_CALL],
  },
  "millrace.claims.ids": {
    kind: "counter",
    unit: "{id}",
    meaning: "Ids of events that were claimed, looked up or released.",
    from: WITH_LOG,
    attributes: [CLAIM_CALL],
  },
  "millrace.claims.errors": {
    kind: "counter",
    unit: "{error}",
    meaning: "Calls to the claims that failed.",
    from: WITH_LOG,
    zeros: [{ "millrace.operation": "claim", "error.type": "unavailable" }],
    attributes: [CLAIM_CALL, FAILURE_KIND],
  },
  "millrace.claims.losses": {
    kind: "observable-counter",
    unit: "{loss}",
    meaning: "How often the server of the claims was found emptied: what is sent again after that may count twice.",
    from: ["processing"],
    only: "servers",
    attributes: [],
  },

  // The cache, and the breakers in front of both installations of Redis.
  "millrace.cache.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a call to the cache took.",
    from: WITH_CACHE,
    rare: true,
    buckets: FAST_SECONDS,
    attributes: [CACHE_CALL],
  },
  "millrace.cache.requests": {
    kind: "counter",
    unit: "{request}",
    meaning: "Values asked for, found or not.",
    from: WITH_CACHE,
    zeros: [{ "millrace.outcome": "hit" }, { "millrace.outcome": "miss" }],
    attributes: [outcomes("Whether it was there.", "hit", "miss")],
  },
  "millrace.cache.messages": {
    kind: "counter",
    unit: "{message}",
    meaning: "Messages published.",
    from: WITH_CACHE,
    zeros: [{}],
    attributes: [],
  },
  "millrace.cache.errors": {
    kind: "counter",
    unit: "{error}",
    meaning: "Calls to the cache that failed.",
    from: WITH_CACHE,
    zeros: [{ "millrace.operation": "get", "error.type": "unavailable" }],
    attributes: [CACHE_CALL, FAILURE_KIND],
  },
  "millrace.breaker.state": {
    kind: "observable-gauge",
    unit: "{breaker}",
    meaning: "1 for the state that the breaker is in, 0 for the others: all calls, one to see how it goes, or none.",
    from: WITH_CACHE,
    only: "servers",
    attributes: [BREAKER, { name: "millrace.state", meaning: "The state.", values: ["closed", "half_open", "open"] }],
  },

  // Stores.
  "millrace.cell_store.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a call to the cell store took; of a scan, until its end, the reader's own time included.",
    from: WITH_CELLS,
    buckets: FAST_SECONDS,
    attributes: [CELL_CALL, BACKEND],
  },
  "millrace.cell_store.rows": {
    kind: "counter",
    unit: "{row}",
    meaning: "Blocks and states moved.",
    from: WITH_CELLS,
    attributes: [CELL_CALL, BACKEND],
  },
  "millrace.cell_store.io": {
    kind: "counter",
    unit: "By",
    meaning: "Bytes of blocks and states moved.",
    from: WITH_CELLS,
    attributes: [CELL_CALL, BACKEND],
  },
  "millrace.cell_store.errors": {
    kind: "counter",
    unit: "{error}",
    meaning: "Calls to the cell store that failed.",
    from: WITH_CELLS,
    zeros: [
      { "millrace.operation": "write_blocks", "error.type": "unavailable" },
      { "millrace.operation": "scan", "error.type": "unavailable" },
    ],
    attributes: [CELL_CALL, BACKEND, FAILURE_KIND],
  },
  "millrace.record_store.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a call to the record store took.",
    from: WITH_RECORDS,
    buckets: FAST_SECONDS,
    attributes: [RECORD_CALL, BACKEND],
  },
  "millrace.record_store.rows": {
    kind: "counter",
    unit: "{row}",
    meaning: "Records and notices moved.",
    from: WITH_RECORDS,
    attributes: [RECORD_CALL, BACKEND],
  },
  "millrace.record_store.io": {
    kind: "counter",
    unit: "By",
    meaning: "Bytes of values moved.",
    from: WITH_RECORDS,
    attributes: [RECORD_CALL, BACKEND],
  },
  "millrace.record_store.errors": {
    kind: "counter",
    unit: "{error}",
    meaning: "Calls to the record store that failed.",
    from: WITH_RECORDS,
    zeros: [{ "millrace.operation": "get", "error.type": "unavailable" }],
    attributes: [RECORD_CALL, BACKEND, FAILURE_KIND],
  },

  // Reporting.
  "millrace.reporting.query.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a question took to be answered, or refused.",
    from: ["reporting"],
    buckets: CALL_SECONDS,
    attributes: [QUERY_KIND],
  },
  "millrace.reporting.query.executions": {
    kind: "counter",
    unit: "{query}",
    meaning: "Questions answered, those that are watched counted each time.",
    from: ["reporting"],
    attributes: [
      QUERY_KIND,
      { name: "millrace.query.source", meaning: "Which call it was for.", values: ["query", "watch"] },
      outcomes("Whether it was answered; refused is for what the caller can change.", "answered", "refused", "failed"),
    ],
  },
  "millrace.reporting.query.active": {
    kind: "updown",
    unit: "{query}",
    meaning: "Questions being answered.",
    from: ["reporting"],
    attributes: [],
  },
  "millrace.reporting.query.blocks": {
    kind: "histogram",
    unit: "{block}",
    meaning: "Blocks that a question was put together from.",
    from: ["reporting"],
    buckets: COUNTS,
    attributes: [QUERY_KIND],
  },
  "millrace.reporting.watches": {
    kind: "updown",
    unit: "{stream}",
    meaning: "Questions being watched.",
    from: ["reporting"],
    attributes: [],
  },
  "millrace.reporting.watch.answer.duration": {
    kind: "histogram",
    unit: "s",
    meaning: "How long a watched question took to be answered again.",
    from: ["reporting"],
    buckets: CALL_SECONDS,
    rare: true,
    attributes: [],
  },
  "millrace.reporting.tails": {
    kind: "updown",
    unit: "{stream}",
    meaning: "Projects being tailed.",
    from: ["reporting"],
    attributes: [],
  },
  "millrace.reporting.tail.events": {
    kind: "counter",
    unit: "{event}",
    meaning: "Events that tails were sent, and those that they were told were left out.",
    from: ["reporting"],
    zeros: [{ "millrace.outcome": "sent" }, { "millrace.outcome": "left_out" }],
    attributes: [outcomes("What became of them.", "sent", "left_out")],
  },

  // Config.
  "millrace.config.watches": {
    kind: "updown",
    unit: "{stream}",
    meaning: "Processes that are told of changes to the configuration.",
    from: ["config"],
    attributes: [],
  },
} as const satisfies Readonly<Record<string, MetricDeclaration>>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

type DeclaredAttributes<Name extends MetricName> = (typeof METRICS)[Name]["attributes"][number];

/** The attributes that a measurement of a metric has: all that are declared, and none else. */
export type MetricAttributes<Name extends MetricName> = {
  [Attribute in DeclaredAttributes<Name> as Attribute["name"]]: Attribute extends {
    readonly values: readonly (infer Value)[];
  }
    ? Value
    : string | number;
};

/** What is declared of a metric. */
export function metricDeclaration(name: MetricName): MetricDeclaration {
  return METRICS[name];
}

/** The attributes of a metric. */
export function metricAttributes(name: MetricName): readonly AttributeDeclaration[] {
  return METRICS[name].attributes;
}
