import type { AlertCase } from "./alert-case.ts";
import { INGEST, PROCESSING, REPORTING } from "./labels.ts";

/** Cases of the alerts about what services stand on, and about each other. */
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
