import type { AlertCase } from "./alert-case.ts";
import { INGEST, POD, PROCESSING } from "./labels.ts";

/** Cases of the alerts about events on their way from the log into the store. */
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
