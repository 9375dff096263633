import { observedCache, observedClaims } from "@millrace/cache";
import { observeBreaker, observeLosses, openRedisCache, openRedisClaims } from "@millrace/cache/redis";
import { observedCellStore } from "@millrace/cell-store";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { observedEventLog } from "@millrace/event-log";
import { openKafkaEventLog } from "@millrace/event-log/kafka";
import {
  cassandraSettingsOf,
  kafkaSettingsOf,
  redisSettingsOf,
  type ServiceProcess,
  untilAvailable,
} from "@millrace/runtime";
import type { Settings } from "./config.ts";

/** The servers that processing speaks to: Kafka, Cassandra, and the Redis of the claims. It can be without the cache's Redis. */
export async function openBackends({ settings, log, telemetry }: ServiceProcess<Settings>) {
  const { meter } = telemetry;
  const opened: { close(): Promise<void> }[] = [];
  async function open<T extends { close(): Promise<void> }>(opener: () => Promise<T>): Promise<T> {
    const one = await untilAvailable(opener, { log });
    opened.push(one);
    return one;
  }
  async function close(): Promise<void> {
    for (const one of opened.toReversed()) await one.close();
  }
  const warn = (message: string) => log.warn(message);
  const kafka = { ...kafkaSettingsOf(settings), clientId: "millrace-processing", log, meter };
  const cassandra = { ...cassandraSettingsOf(settings), onWarning: warn };
  try {
    const cache = await open(() => openRedisCache({ ...redisSettingsOf(settings.cacheUrl, settings), warn }));
    const claims = await open(() => openRedisClaims({ ...redisSettingsOf(settings.claimsUrl, settings), warn }));
    const cellStore = await open(() => openCassandraCellStore(cassandra));
    const deadLetters = await open(() => openKafkaEventLog({ ...kafka, topic: settings.kafkaDeadLettersTopic }));
    const { kafkaSessionTimeoutMs: sessionTimeoutMs } = settings;
    const eventLog = await open(() => openKafkaEventLog({ ...kafka, sessionTimeoutMs }));
    observeBreaker(meter, "cache", cache);
    observeBreaker(meter, "claims", claims);
    observeLosses(meter, claims);
    return {
      cache: observedCache(cache, telemetry),
      claims: observedClaims(claims, telemetry),
      cellStore: observedCellStore(cellStore, { ...telemetry, backend: "cassandra" }),
      deadLetters,
      eventLog: observedEventLog(eventLog, telemetry),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
