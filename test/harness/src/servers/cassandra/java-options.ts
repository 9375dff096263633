import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What Cassandra 5.0 reaches into of Java 17's own modules. */
const EXPORTED = [
  "java.base/java.lang.ref",
  "java.base/jdk.internal.misc",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.sql/java.sql",
  "jdk.unsupported/sun.misc",
];
const OPENED = [
  "java.base/java.io",
  "java.base/java.lang",
  "java.base/java.lang.module",
  "java.base/java.lang.reflect",
  "java.base/java.nio",
  "java.base/java.util",
  "java.base/jdk.internal.loader",
  "java.base/jdk.internal.math",
  "java.base/jdk.internal.module",
  "java.base/jdk.internal.ref",
  "java.base/jdk.internal.reflect",
  "java.base/jdk.internal.util.jar",
  "java.base/sun.nio.ch",
  "jdk.management/com.sun.management.internal",
];

/** The ring is new: nobody has data that another would have to wait for. */
const WAITS = [
  "-Dcassandra.ring_delay_ms=0",
  "-Dcassandra.skip_wait_for_gossip_to_settle=0",
  "-Dcassandra.skip_schema_check_for_ring_wait=true",
  "-Dcassandra.superuser_setup_delay_ms=0",
  "-Dcassandra.shutdown_announce_in_ms=0",
  "-Dcassandra.consistent.rangemovement=false",
];

/** Tables are made four times as fast where no flush of the schema is waited for; a node that is killed forgets rows then. */
const SCHEMA_IN_MEMORY = "-Dcassandra.unsafesystem=true";

/** The options of `java` for a Cassandra of the tests: small, and quick to start rather than fast. */
export function javaOptions(settings: string, data: string, isKept: boolean): string[] {
  return [
    "-Xms128m",
    "-Xmx512m",
    "-XX:MaxDirectMemorySize=128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djdk.attach.allowAttachSelf=true",
    ...EXPORTED.flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
    ...OPENED.flatMap((name) => ["--add-opens", `${name}=ALL-UNNAMED`]),
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.useCacheForAllThreads=true",
    "-Dio.netty.allocator.maxOrder=11",
    ...WAITS,
    ...(isKept ? [] : [SCHEMA_IN_MEMORY]),
    "-Dcassandra-foreground=yes",
    `-Dcassandra.config=${pathToFileURL(settings).href}`,
    `-Dcassandra.storagedir=${data}`,
    `-Dlogback.configurationFile=${pathToFileURL(join(import.meta.dirname, "logback.xml")).href}`,
  ];
}
