import type { AlertCase } from "./alert-case.ts";
import { QUERY, SEND } from "./labels.ts";

/** Cases of the alerts about what is promised of calls. */
export const OBJECTIVE_CASES: readonly AlertCase[] = [
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
];
