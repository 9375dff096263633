import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { all, atLeast, equals, metric, rollup } from "./built-in.ts";

const isRequest = equals("name", "request");

/** A service: events "request" with the properties service, route, status (a number) and duration_ms. */
export const SERVICE_METRICS = [
  metric(1, "requests", Aggregation.COUNT, { filter: isRequest, description: "Requests served." }),
  metric(2, "errors", Aggregation.COUNT, {
    filter: all(isRequest, atLeast("status", 500)),
    description: "Requests answered with a status of 500 or more.",
  }),
  metric(3, "latency", Aggregation.QUANTILES, {
    property: "duration_ms",
    filter: isRequest,
    unit: "ms",
    description: "How long requests took.",
  }),
];

const SERVED = ["requests", "errors", "latency"];

/**
 * What is kept ready of services. The states of latency can be large, so fewer tuples than usual fit in a block; routes,
 * of which there can be many, have a family of their own.
 */
export const SERVICE_ROLLUPS = [
  rollup(1, "totals", SERVED, [], { description: "All services." }),
  rollup(2, "services", SERVED, ["service"], { maxTuples: 48, description: "By service." }),
  rollup(3, "routes", SERVED, ["service", "route"], {
    slots: 16,
    maxTuples: 56,
    description: "By service and route.",
  }),
  rollup(4, "statuses", ["requests"], ["service", "status"], { maxTuples: 256, description: "By service and status." }),
];
