/** What Prometheus has scraped, a value each minute as promtool writes it, and which alerts fire then, with their labels. */
export type AlertCase = {
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** All that fire; "nothing else" is part of each case. */
  readonly fires: readonly string[];
};

const SEND = 'service_namespace="millrace",namespace="shop",rpc_method="millrace.ingest.v1.IngestService/Send"';
const QUERY = 'service_namespace="millrace",namespace="shop",rpc_method="millrace.reporting.v1.ReportingService/Query"';
const INGEST = 'namespace="shop",service_name="ingest"';
const PROCESSING = 'namespace="shop",service_name="processing"';
const REPORTING = 'namespace="shop",service_name="reporting"';
const POD = `${PROCESSING},job="millrace-processing",instance="10.0.0.7:9090"`;
const SCOPED_POD = `service_namespace="millrace",${POD}`;

/** Alerts about error budgets and ingest. */
export const INGEST_CASES: readonly AlertCase[] = [
  {
    title: "calls without a fault of ours",
    series: {
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="ok"}`]: "0+6000x60",
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="invalid_argument"}`]: "0+600x60",
      [`rpc_server_call_duration_seconds_count{${QUERY},rpc_response_status_code="ok"}`]: "0+60x60",
      [`rpc_server_call_duration_seconds_bucket{${QUERY},rpc_response_status_code="ok",le="1"}`]: "0+60x60",
    },
    at: "40m",
    fires: [],
  },
  {
    title: "ingest unavailable for one call of fifty, from some moment on",
    series: {
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="ok"}`]: "0+6000x100",
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="unavailable"}`]: "0x20 0+120x80",
    },
    at: "1h10m",
    fires: [
      'alertname="MillraceAcknowledgementsBudgetBurnsFast",namespace="shop"',
      'alertname="MillraceAcknowledgementsBudgetBurnsSlowly",namespace="shop"',
    ],
  },
  {
    title: "one call of 600 failing all the time",
    series: {
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="ok"}`]: "0+6000x90",
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="internal"}`]: "0+10x90",
    },
    at: "30m",
    fires: [
      'alertname="MillraceAcknowledgementsBudgetBurnsSlowly",namespace="shop"',
      'alertname="MillraceInternalErrors",namespace="shop",rpc_method="millrace.ingest.v1.IngestService/Send"',
    ],
  },
  {
    title: "a fault that has ended: the short look back ends the call, and the slow one goes on",
    series: {
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="ok"}`]: "0+6000x100",
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="unavailable"}`]:
        "0x10 0+300x20 6000x80",
    },
    at: "1h10m",
    fires: ['alertname="MillraceAcknowledgementsBudgetBurnsSlowly",namespace="shop"'],
  },
  {
    title: "every fifth question taking longer than a second",
    series: {
      [`rpc_server_call_duration_seconds_count{${QUERY},rpc_response_status_code="ok"}`]: "0+60x200",
      [`rpc_server_call_duration_seconds_bucket{${QUERY},rpc_response_status_code="ok",le="1"}`]: "0+48x200",
    },
    at: "25m",
    fires: [
      'alertname="MillraceQueriesBudgetBurnsFast",namespace="shop"',
      'alertname="MillraceQueriesBudgetBurnsSlowly",namespace="shop"',
    ],
  },
  {
    title: "every question failing, and none of them quick",
    series: {
      [`rpc_server_call_duration_seconds_count{${QUERY},rpc_response_status_code="unavailable"}`]: "0+60x30",
    },
    at: "10m",
    fires: ['alertname="MillraceQueriesBudgetBurnsFast",namespace="shop"'],
  },
  {
    title: "one call of ten refused for want of room",
    series: {
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="ok"}`]: "0+5400x40",
      [`rpc_server_call_duration_seconds_count{${SEND},rpc_response_status_code="resource_exhausted"}`]: "0+600x40",
      [`millrace_ingest_in_flight_usage_bytes{${INGEST},instance="a"}`]: "64000000x40",
      [`millrace_ingest_in_flight_limit_bytes{${INGEST},instance="a"}`]: "67108864x40",
    },
    at: "14m",
    fires: [
      'alertname="MillraceAcknowledgementsBudgetBurnsFast",namespace="shop"',
      'alertname="MillraceIngestRefuses",namespace="shop"',
      'alertname="MillraceIngestNearlyFull",namespace="shop",service_name="ingest",instance="a"',
    ],
  },
  {
    title: "appends that fail, are slow, and are not heard of",
    series: {
      [`millrace_event_log_errors_total{${INGEST},millrace_operation="append",error_type="unavailable"}`]: "0+60x60",
      [`millrace_event_log_append_duration_seconds_count{${INGEST}}`]: "0+600x60",
      [`millrace_event_log_append_duration_seconds_bucket{${INGEST},le="1"}`]: "0+540x60",
      [`millrace_event_log_append_duration_seconds_bucket{${INGEST},le="2.5"}`]: "0+600x60",
      [`millrace_event_log_append_duration_seconds_bucket{${INGEST},le="+Inf"}`]: "0+600x60",
      [`millrace_event_log_kafka_producer_renewals_total{${INGEST}}`]: "0+1x60",
    },
    at: "30m",
    fires: [
      'alertname="MillraceAppendsFail",namespace="shop",service_name="ingest"',
      'alertname="MillraceAppendsSlow",namespace="shop",service_name="ingest"',
      'alertname="MillraceAppendsUnclear",namespace="shop",service_name="ingest"',
    ],
  },
  {
    title: "one append of a hundred failing, as in an election",
    series: {
      [`millrace_event_log_errors_total{${INGEST},millrace_operation="append",error_type="unavailable"}`]: "0+6x60",
      [`millrace_event_log_append_duration_seconds_count{${INGEST}}`]: "0+600x60",
    },
    at: "10m",
    fires: [],
  },
  {
    title: "one reason for a tenth of all events, another for a hundredth",
    series: {
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="accepted"}': "0+8900x60",
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="rejected",error_type="EVENT_NAME_MISSING"}':
        "0+1000x60",
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="rejected",error_type="EVENT_TOO_LARGE"}':
        "0+100x60",
    },
    at: "20m",
    fires: ['alertname="MillraceEventsRejected",namespace="shop",error_type="EVENT_NAME_MISSING"'],
  },
  {
    title: "three events of a quiet night, all of them rejected",
    series: {
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="rejected",error_type="EVENT_NAME_MISSING"}':
        "0 1 2 3x40",
    },
    at: "17m",
    fires: [],
  },
  {
    title: "a project whose events are late, and producers that repeat themselves",
    series: {
      'millrace_ingest_late_events_total{namespace="shop",millrace_project="old"}': "0+600x90",
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="accepted",millrace_project="old"}': "0+600x90",
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="accepted",millrace_project="new"}': "0+600x90",
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="duplicate"}': "0+600x90",
    },
    at: "45m",
    fires: [
      'alertname="MillraceEventsLate",namespace="shop",millrace_project="old"',
      'alertname="MillraceManyDuplicates",namespace="shop"',
    ],
  },
  {
    title: "events that end",
    series: {
      'millrace_ingest_events_total{namespace="shop",millrace_outcome="accepted"}': "0+600x20 12000x60",
    },
    at: "40m",
    fires: ['alertname="MillraceNoEvents",namespace="shop"'],
  },
];

/** Alerts about processing. */
export const PROCESSING_CASES: readonly AlertCase[] = [
  {
    title: "processing that keeps up",
    series: {
      [`millrace_processing_lag_time_seconds{${POD},millrace_partition="0"}`]: "1x60",
      [`millrace_processing_lag_events{${POD},millrace_partition="0"}`]: "10 500 3x60",
      [`millrace_processing_stalled{${POD},millrace_partition="0"}`]: "0 0 1 0x60",
      [`millrace_event_log_partitions{${POD}}`]: "1x60",
      [`millrace_processing_partitions{${POD}}`]: "1x60",
      [`millrace_processing_block_memory_usage_bytes{${POD}}`]: "104857600x60",
      [`millrace_processing_block_memory_limit_bytes{${POD}}`]: "100663296x60",
    },
    at: "40m",
    fires: [],
  },
  {
    title: "a partition that is behind and catches up",
    series: {
      [`millrace_processing_lag_time_seconds{${POD},millrace_partition="0"}`]: "1x5 900-5x60",
      [`millrace_processing_lag_events{${POD},millrace_partition="0"}`]: "10x5 90000-500x60",
    },
    at: "40m",
    fires: ['alertname="MillraceLagHigh",namespace="shop"'],
  },
  {
    title: "a partition that falls behind, and one that is behind by half a day",
    series: {
      [`millrace_processing_lag_time_seconds{${POD},millrace_partition="0"}`]: "400+20x60",
      [`millrace_processing_lag_events{${POD},millrace_partition="0"}`]: "40000+2000x60",
      [`millrace_processing_lag_time_seconds{${POD},millrace_partition="1"}`]: "50000x60",
    },
    at: "40m",
    fires: [
      'alertname="MillraceLagHigh",namespace="shop"',
      'alertname="MillraceLagGrows",namespace="shop"',
      'alertname="MillraceLagNearsItsLimit",namespace="shop",millrace_partition="1"',
    ],
  },
  {
    title: "twelve partitions of which two processors own ten",
    series: {
      [`millrace_event_log_partitions{${INGEST},instance="a"}`]: "12x20",
      [`millrace_processing_partitions{${PROCESSING},instance="b"}`]: "5x20",
      [`millrace_processing_partitions{${PROCESSING},instance="c"}`]: "5x20",
    },
    at: "10m",
    fires: ['alertname="MillracePartitionsUnowned",namespace="shop"'],
  },
  {
    title: "no processor at all, as ingest sees it",
    series: { [`millrace_event_log_partitions{${INGEST},instance="a"}`]: "12x20" },
    at: "10m",
    fires: ['alertname="MillracePartitionsUnowned",namespace="shop"'],
  },
  {
    title: "a partition that waits, whoever owns it",
    series: {
      [`millrace_processing_stalled{${PROCESSING},instance="a",millrace_partition="3"}`]: "1x6 _x20",
      [`millrace_processing_stalled{${PROCESSING},instance="b",millrace_partition="3"}`]: "_x5 1x20",
      [`millrace_processing_stalled{${PROCESSING},instance="b",millrace_partition="4"}`]: "0x20",
    },
    at: "12m",
    fires: ['alertname="MillracePartitionStalled",namespace="shop",millrace_partition="3"'],
  },
  {
    title: "the first dead letter",
    series: {
      [`millrace_processing_dead_letter_kept_total{${POD},error_type="FOLD_FAILED"}`]: "0x10 1x30",
      [`millrace_processing_dead_letter_kept_total{${POD},error_type="RECORD_UNREADABLE"}`]: "0x40",
    },
    at: "15m",
    fires: ['alertname="MillraceDeadLetters",namespace="shop",error_type="FOLD_FAILED"'],
  },
  {
    title: "slow flushes, late answers, blocks that fill their memory",
    series: {
      [`millrace_processing_flush_duration_seconds_bucket{${POD},millrace_tier="1m",le="5"}`]: "0+30x60",
      [`millrace_processing_flush_duration_seconds_bucket{${POD},millrace_tier="1m",le="10"}`]: "0+60x60",
      [`millrace_processing_flush_duration_seconds_bucket{${POD},millrace_tier="1m",le="+Inf"}`]: "0+60x60",
      [`millrace_processing_flush_duration_seconds_bucket{${POD},millrace_tier="1d",le="1"}`]: "0+1x60",
      [`millrace_processing_flush_duration_seconds_bucket{${POD},millrace_tier="1d",le="+Inf"}`]: "0+1x60",
      [`millrace_processing_event_to_visible_seconds_bucket{${POD},le="10"}`]: "0+30x60",
      [`millrace_processing_event_to_visible_seconds_bucket{${POD},le="30"}`]: "0+60x60",
      [`millrace_processing_event_to_visible_seconds_bucket{${POD},le="+Inf"}`]: "0+60x60",
      [`millrace_processing_block_memory_usage_bytes{${POD}}`]: "125000000x60",
      [`millrace_processing_block_memory_limit_bytes{${POD}}`]: "100000000x60",
    },
    at: "30m",
    fires: [
      'alertname="MillraceFlushSlow",namespace="shop"',
      'alertname="MillraceVisibleLate",namespace="shop"',
      `alertname="MillraceBlocksExhaustMemory",${POD}`,
    ],
  },
  {
    title: "a group that shares out its partitions every two minutes, and claims that are gone",
    series: {
      [`millrace_event_log_kafka_rebalances_total{${POD}}`]:
        "0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9 10 10 11 11 12 12 13 13 14 14 15 15 16 16 17 17 18 18 19 19 20",
      [`millrace_claims_losses_total{${POD}}`]: "0x20 1x30",
    },
    at: "38m",
    fires: ['alertname="MillraceRebalancesOften",namespace="shop"', 'alertname="MillraceClaimsLost",namespace="shop"'],
  },
];

/** Alerts about backends and live updates. */
export const BACKEND_CASES: readonly AlertCase[] = [
  {
    title: "stores and claims that fail, and failures that are none",
    series: {
      [`millrace_cell_store_errors_total{${PROCESSING},millrace_operation="write_blocks",error_type="unavailable"}`]:
        "0+10x30",
      [`millrace_cell_store_duration_seconds_count{${PROCESSING},millrace_operation="write_blocks"}`]: "0+60x30",
      'millrace_record_store_errors_total{namespace="shop",service_name="dashboard",error_type="unavailable"}':
        "0+10x30",
      'millrace_record_store_duration_seconds_count{namespace="shop",service_name="dashboard"}': "0+60x30",
      'millrace_record_store_errors_total{namespace="shop",service_name="config",error_type="stale"}': "0+30x30",
      'millrace_record_store_duration_seconds_count{namespace="shop",service_name="config"}': "0+60x30",
      [`millrace_claims_errors_total{${PROCESSING},millrace_operation="claim",error_type="unavailable"}`]: "0+60x30",
      [`millrace_claims_duration_seconds_count{${PROCESSING},millrace_operation="claim"}`]: "0+60x30",
      // Ingest only looks claims up, and does without.
      [`millrace_claims_errors_total{${INGEST},millrace_operation="lookup",error_type="unavailable"}`]: "0+60x30",
      [`millrace_claims_duration_seconds_count{${INGEST},millrace_operation="lookup"}`]: "0+60x30",
    },
    at: "15m",
    fires: [
      'alertname="MillraceCellStoreFails",namespace="shop",service_name="processing"',
      'alertname="MillraceRecordStoreFails",namespace="shop",service_name="dashboard"',
      'alertname="MillraceClaimsFail",namespace="shop",service_name="processing"',
    ],
  },
  {
    title: "a breaker that is open, but for single calls that look how it goes",
    series: {
      [`millrace_breaker_state{${INGEST},instance="a",millrace_breaker="cache",millrace_state="open"}`]:
        "1 1 0 1 1 0 1 1 1",
      [`millrace_breaker_state{${INGEST},instance="a",millrace_breaker="cache",millrace_state="half_open"}`]:
        "0 0 1 0 0 1 0 0 0",
      [`millrace_breaker_state{${INGEST},instance="a",millrace_breaker="claims",millrace_state="open"}`]: "0x9",
    },
    at: "7m",
    fires: ['alertname="MillraceBreakerOpen",namespace="shop",service_name="ingest",millrace_breaker="cache"'],
  },
  {
    title: "two processes that do not hear from config, and one that does",
    series: {
      [`millrace_snapshot_watching{${REPORTING},instance="a"}`]: "0x20",
      [`millrace_snapshot_watching{${REPORTING},instance="b"}`]: "0x20",
      [`millrace_snapshot_watching{${INGEST},instance="c"}`]: "1 1 0 1x20",
    },
    at: "10m",
    fires: ['alertname="MillraceConfigAway",namespace="shop",service_name="reporting"'],
  },
  {
    title: "live updates that are not passed on, and tails that leave out most",
    series: {
      [`millrace_cache_errors_total{${PROCESSING},millrace_operation="publish",error_type="unavailable"}`]: "0+60x60",
      [`millrace_cache_errors_total{${REPORTING},millrace_operation="get",error_type="unavailable"}`]: "0+60x60",
      [`millrace_reporting_tail_events_total{${REPORTING},millrace_outcome="sent"}`]: "0+600x60",
      [`millrace_reporting_tail_events_total{${REPORTING},millrace_outcome="left_out"}`]: "0+6000x60",
    },
    at: "20m",
    fires: [
      'alertname="MillraceLiveUpdatesFail",namespace="shop",service_name="processing"',
      'alertname="MillraceTailsLeaveOut",namespace="shop"',
    ],
  },
];

/** Alerts about processes. */
export const PROCESS_CASES: readonly AlertCase[] = [
  {
    title: "an update: every process began anew once, and both versions ran beside each other for minutes",
    series: {
      [`process_uptime_seconds{${SCOPED_POD}}`]: "5000+60x10 5+60x60",
      [`target_info{${SCOPED_POD},service_version="1.0.0"}`]: "1x10 _x60",
      [`target_info{${SCOPED_POD},service_version="1.1.0"}`]: "_x5 1x60",
      [`up{namespace="shop",job="millrace-processing",instance="10.0.0.7:9090"}`]: "1x10 0 1x60",
    },
    at: "30m",
    fires: [],
  },
  {
    title: "a service of which nothing is left, and its address that does not answer",
    series: {
      [`process_uptime_seconds{${SCOPED_POD}}`]: "5000+60x10 _x60",
      [`process_uptime_seconds{service_namespace="millrace",${INGEST}}`]: "5000+60x70",
      [`process_uptime_seconds{service_namespace="other",namespace="shop",service_name="billing"}`]: "5000+60x10 _x60",
      [`up{namespace="shop",job="millrace-processing",instance="10.0.0.7:9090"}`]: "1x10 0x60",
      [`up{namespace="shop",job="billing",instance="10.0.0.9:9090"}`]: "1x10 0x60",
    },
    at: "30m",
    fires: [
      'alertname="MillraceServiceGone",namespace="shop",service_name="processing"',
      'alertname="MillraceProcessUnreachable",namespace="shop",job="millrace-processing",instance="10.0.0.7:9090"',
    ],
  },
  {
    title: "a process that begins anew every five minutes",
    series: {
      [`process_uptime_seconds{${SCOPED_POD}}`]: "5+60x4 5+60x4 5+60x4 5+60x4 5+60x4 5+60x4 5+60x4",
    },
    at: "30m",
    fires: ['alertname="MillraceRestarts",namespace="shop",service_name="processing",instance="10.0.0.7:9090"'],
  },
  {
    title: "two versions for three hours",
    series: {
      [`target_info{service_namespace="millrace",${INGEST},instance="a",service_version="1.0.0"}`]: "1x200",
      [`target_info{service_namespace="millrace",${INGEST},instance="b",service_version="1.1.0"}`]: "1x200",
    },
    at: "2h10m",
    fires: ['alertname="MillraceVersionsDiffer",namespace="shop"'],
  },
  {
    title: "an event loop that is held up, and one that is always at work",
    series: {
      [`nodejs_eventloop_delay_p99_seconds{${SCOPED_POD}}`]: "0.4x30",
      [`nodejs_eventloop_utilization_ratio{${SCOPED_POD}}`]: "0.95x30",
      [`nodejs_eventloop_delay_p99_seconds{service_namespace="other",namespace="shop",instance="x"}`]: "4x30",
    },
    at: "20m",
    fires: [`alertname="MillraceEventLoopBlocked",${SCOPED_POD}`, `alertname="MillraceEventLoopBusy",${SCOPED_POD}`],
  },
  {
    title: "memory that is nearly used up, and a heap that garbage collection still empties",
    series: {
      [`process_memory_usage_bytes{${SCOPED_POD}}`]: "950000000x30",
      [`millrace_process_memory_limit_bytes{${SCOPED_POD}}`]: "1000000000x30",
      [`millrace_process_heap_used_bytes{${SCOPED_POD}}`]:
        "395 100 395 100 395 100 395 100 395 100 395 100 395 100 395 100 395 100 395 100 395",
      [`millrace_process_heap_limit_bytes{${SCOPED_POD}}`]: "400x30",
    },
    at: "20m",
    fires: [`alertname="MillraceMemoryNearLimit",${SCOPED_POD}`],
  },
  {
    title: "a heap that stays full",
    series: {
      [`millrace_process_heap_used_bytes{${SCOPED_POD}}`]: "395x30",
      [`millrace_process_heap_limit_bytes{${SCOPED_POD}}`]: "400x30",
    },
    at: "20m",
    fires: [`alertname="MillraceHeapNearLimit",${SCOPED_POD}`],
  },
  {
    title: "a drain in time, and one that is past its deadline",
    series: {
      [`millrace_drain_elapsed_seconds{${INGEST},instance="a"}`]: "0 20 _x5",
      [`millrace_drain_elapsed_seconds{${PROCESSING},instance="b"}`]: "0 40 100",
    },
    at: "2m",
    fires: ['alertname="MillraceDrainTooLong",namespace="shop",service_name="processing",instance="b"'],
  },
  {
    title: "certificates that end in a month, in ten days, and tomorrow",
    series: {
      [`millrace_tls_certificate_expiry_seconds{${INGEST},instance="month"}`]: "2592000x120",
      [`millrace_tls_certificate_expiry_seconds{${INGEST},instance="ten"}`]: "864000x120",
      [`millrace_tls_certificate_expiry_seconds{${INGEST},instance="one"}`]: "86400x120",
    },
    at: "90m",
    fires: [
      'alertname="MillraceCertificateEndsSoon",namespace="shop",service_name="ingest",instance="ten"',
      'alertname="MillraceCertificateEndsSoon",namespace="shop",service_name="ingest",instance="one"',
      'alertname="MillraceCertificateEnds",namespace="shop",service_name="ingest",instance="one"',
    ],
  },
];
