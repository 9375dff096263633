import { histogram, upDownCounter } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import type { Protocol } from "../server/call.ts";

/** What is measured of every call that a server takes. */
export type RpcMetrics = {
  readonly started: () => void;
  /** `method` is `service/method` or a path; `code` a Connect code's word, or "ok". */
  readonly finished: (method: string, code: string, protocol: Protocol, durationMs: number) => void;
};

/** The metrics of a server's calls. */
export function createRpcMetrics(meter: Meter): RpcMetrics {
  const duration = histogram(meter, "rpc.server.call.duration");
  const active = upDownCounter(meter, "millrace.server.active_calls");
  return {
    started: () => active.add(1, {}),
    finished(method, code, protocol, durationMs) {
      active.add(-1, {});
      duration.record(durationMs / 1000, {
        "rpc.method": method,
        "rpc.response.status_code": code,
        "rpc.system.name": protocol,
      });
    },
  };
}
