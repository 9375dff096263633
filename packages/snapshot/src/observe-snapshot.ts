import { type MetricAttributes, observe } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

type CacheName = MetricAttributes<"millrace.snapshot.lookups">["millrace.snapshot.cache"];

/** Measures how often what is asked for is in memory, and whether config tells of changes. */
export function observeSnapshot(
  meter: Meter,
  caches: Readonly<Record<CacheName, { readonly hitCount: number; readonly missCount: number }>>,
  isWatching: () => boolean,
): void {
  observe(meter, ["millrace.snapshot.lookups", "millrace.snapshot.watching"], (tell) => {
    for (const [name, { hitCount, missCount }] of Object.entries(caches) as [CacheName, (typeof caches)[CacheName]][]) {
      tell["millrace.snapshot.lookups"](hitCount, { "millrace.snapshot.cache": name, "millrace.outcome": "hit" });
      tell["millrace.snapshot.lookups"](missCount, { "millrace.snapshot.cache": name, "millrace.outcome": "miss" });
    }
    tell["millrace.snapshot.watching"](isWatching() ? 1 : 0, {});
  });
}
