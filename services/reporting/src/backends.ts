import { observedCache } from "@millrace/cache";
import { observeBreaker, openRedisCache } from "@millrace/cache/redis";
import { observedCellStore } from "@millrace/cell-store";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { cassandraSettingsOf, redisSettingsOf, type ServiceProcess, untilAvailable } from "@millrace/runtime";
import type { Settings } from "./config.ts";

/** The servers that reporting speaks to: Cassandra. Without the cache's Redis only live updates are missing. */
export async function openBackends({ settings, log, telemetry }: ServiceProcess<Settings>) {
  const warn = (message: string) => log.warn(message);
  const cassandra = { ...cassandraSettingsOf(settings), onWarning: warn };
  const cellStore = await untilAvailable(() => openCassandraCellStore(cassandra), { log });
  const cache = await openRedisCache({ ...redisSettingsOf(settings.cacheUrl, settings), warn });
  observeBreaker(telemetry.meter, "cache", cache);
  return {
    cache: observedCache(cache, telemetry),
    cellStore: observedCellStore(cellStore, { ...telemetry, backend: "cassandra" }),
    async close() {
      await cache.close();
      await cellStore.close();
    },
  };
}
