import type { Meter } from "@opentelemetry/api";

/** What is measured of every call that a server takes. */
export type RpcMetrics = {
  readonly started: () => void;
  /** `method` is `service/method` or a path; `code` a Connect code's word, or "ok". */
  readonly finished: (method: string, code: string, protocol: string, durationMs: number) => void;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of a server's calls. */
export function createRpcMetrics(meter: Meter): RpcMetrics {
  const duration = meter.createHistogram("rpc.server.call.duration", {
    unit: "s",
    description: "Time from a call's headers to the end of its answer.",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const active = meter.createUpDownCounter("rpc.server.active_calls", { description: "Calls under way." });
  return {
    started: () => active.add(1),
    finished(method, code, protocol, durationMs) {
      active.add(-1);
      duration.record(durationMs / 1000, {
        "rpc.method": method,
        "rpc.response.status_code": code,
        "rpc.system.name": protocol,
      });
    },
  };
}
