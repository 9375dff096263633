import { observedCache, observedClaims } from "@millrace/cache";
import { observeBreaker, openRedisCache, openRedisClaims } from "@millrace/cache/redis";
import { observedAppender } from "@millrace/event-log";
import { openKafkaAppender } from "@millrace/event-log/kafka";
import { kafkaSettingsOf, redisSettingsOf, type ServiceProcess, untilAvailable } from "@millrace/runtime";
import type { Settings } from "./config.ts";
import { lateClaims } from "./late-claims.ts";

/** The servers that ingest speaks to. It can not be without Kafka; Redis only makes its answers better, and may come later. */
export async function openBackends({ settings, log, telemetry }: ServiceProcess<Settings>) {
  const { meter } = telemetry;
  const redis = { warn: (message: string) => log.warn(message) };
  const cache = await openRedisCache({ ...redisSettingsOf(settings.cacheUrl, settings), ...redis });
  observeBreaker(meter, "cache", cache);
  const claims = lateClaims(async () => {
    const opened = await openRedisClaims({ ...redisSettingsOf(settings.claimsUrl, settings), ...redis });
    observeBreaker(meter, "claims", opened);
    return observedClaims(opened, telemetry);
  }, log);
  const kafka = { ...kafkaSettingsOf(settings), clientId: "millrace-ingest", log, meter };
  const appender = await untilAvailable(() => openKafkaAppender(kafka), { log });
  return {
    eventLog: observedAppender(appender, telemetry),
    cache: observedCache(cache, telemetry),
    claims,
    ready: () => appender.ready(),
    async close() {
      await Promise.allSettled([claims.close(), cache.close()]);
      await appender.close();
    },
  };
}
