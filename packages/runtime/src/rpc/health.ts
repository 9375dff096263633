import type { ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";
import { Failure } from "@millrace/failure";

/** Whether a server, as a whole, takes calls; watchers are told of changes. */
export type HealthState = {
  serving: () => boolean;
  setServing: (serving: boolean) => void;
  /** Resolves when the state is no longer `seen`, or the signal aborts. */
  changed: (seen: boolean, signal: AbortSignal) => Promise<void>;
};

/** A health state, not serving at first. */
export function createHealthState(): HealthState {
  let serving = false;
  const waiting = new Set<() => void>();
  return {
    serving: () => serving,
    setServing(now) {
      if (now === serving) return;
      serving = now;
      for (const wake of [...waiting]) wake();
    },
    changed: (seen, signal) =>
      new Promise((resolve) => {
        if (serving !== seen || signal.aborted) return resolve();
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake);
      }),
  };
}

/** Whether a service that is reached through this server takes calls; undefined for a name that is none of theirs. */
export type HealthOf = (service: string, signal: AbortSignal) => Promise<boolean | undefined>;

/**
 * grpc.health.v1 over a state; `services` are the names that a caller may ask for beside the empty one, and `healthOf`
 * knows those that others serve behind this server.
 */
export function createHealthService(
  state: HealthState,
  services: () => ReadonlySet<string>,
  healthOf: HealthOf = async () => undefined,
): ServiceImpl<typeof Health> {
  const status = () => ({ status: state.serving() ? Status.SERVING : Status.NOT_SERVING });
  const isKnown = (service: string) => service === "" || services().has(service);
  return {
    async check(request, context) {
      if (isKnown(request.service)) return status();
      const serving = await healthOf(request.service, context.signal);
      if (serving !== undefined) return { status: serving ? Status.SERVING : Status.NOT_SERVING };
      throw new Failure("notFound", "METHOD_UNKNOWN", `service ${JSON.stringify(request.service)} is not served here`);
    },
    list: () => ({ statuses: Object.fromEntries(["", ...services()].map((name) => [name, status()])) }),
    async *watch(request, context) {
      if (!isKnown(request.service)) {
        yield { status: Status.SERVICE_UNKNOWN };
        await new Promise<void>((resolve) => {
          if (context.signal.aborted) resolve();
          else context.signal.addEventListener("abort", () => resolve(), { once: true });
        });
        return;
      }
      while (!context.signal.aborted) {
        const seen = state.serving();
        yield { status: seen ? Status.SERVING : Status.NOT_SERVING };
        await state.changed(seen, context.signal);
      }
    },
  };
}
