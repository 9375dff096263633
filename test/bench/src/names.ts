import type { Bench } from "./bench.ts";

/** Every bench, in the order in which all are run. Each is loaded in its own process only. */
export const BENCHES: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  scan: () => import("./scan.ts"),
  "stream-memory": () => import("./stream-memory.ts"),
  "stream-durable": () => import("./stream-durable.ts"),
  fold: () => import("./fold.ts"),
  query: () => import("./query.ts"),
  "many-projects": () => import("./many-projects.ts"),
  "end-to-end": () => import("./end-to-end.ts"),
  memory: () => import("./memory.ts"),
  "cassandra-flush": () => import("./cassandra-flush.ts"),
  "cassandra-fold": () => import("./cassandra-fold.ts"),
  "cassandra-query": () => import("./cassandra-query.ts"),
  "kafka-append": () => import("./kafka-append.ts"),
  "kafka-clients": () => import("./kafka-clients.ts"),
  client: () => import("./client.ts"),
  mesh: () => import("./mesh.ts"),
  claims: () => import("./claims.ts"),
  page: () => import("./page.ts"),
  scale: () => import("./scale.ts"),
  "scale-watermarks": () => import("./scale-watermarks.ts"),
};
