import type { AlertCase } from "./alert-case.ts";
import { INGEST, PROCESSING, SCOPED_POD } from "./labels.ts";

/** Cases of the alerts about processes, whichever service they are of. */
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
