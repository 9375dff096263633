import type { AlertCase } from "./alert-case.ts";
import { INGEST, SEND } from "./labels.ts";

/** Cases of the alerts about events on their way in. */
export const INGEST_CASES: readonly AlertCase[] = [
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
