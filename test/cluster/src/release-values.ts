import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import type { ClusterServers } from "./servers.ts";

/** Values of the chart. */
export type Values = { readonly [name: string]: unknown };

/** The chart. */
export const CHART = join(CHECKOUT, "charts/millrace");

/** What one node of Kafka and of Cassandra can not give, and a test does not need. */
const UNSAFE = ["replication-factor", "min-insync-replicas", "offsets-replication-factor"];

/** The values of a release of the tests: two of each service, all policies, all budgets; `over` is laid over them. */
export function valuesOf(image: string, servers: ClusterServers, over: Values): Values {
  const [repository, tag] = image.split(/:(?=[^:/]+$)/);
  const { egress, brokers, contactPoint, dataCenter, claims, cache } = servers;
  const values: Values = {
    image: { repository, tag },
    kafka: { brokers: [brokers] },
    cassandra: { contactPoints: [contactPoint], dataCenter },
    redis: { claims: { url: claims }, cache: { url: cache } },
    serviceKey: { existingSecret: "millrace-service-key" },
    adminKey: { existingSecret: "millrace-admin-key" },
    migrations: { partitions: 8, replicas: 1, allow: UNSAFE },
    networkPolicy: {
      enabled: true,
      // CoreDNS may listen at another port than its Service.
      dns: { ports: [53, 5353] },
      ...Object.fromEntries(["kafka", "cassandra", "claims", "cache"].map((name) => [name, { to: egress }])),
    },
    defaults: {
      replicas: 2,
      resources: { requests: { cpu: "20m", memory: "192Mi" }, limits: { memory: "512Mi" } },
      // All at once and a little sooner, so that twenty upgrades end within a test.
      rollout: { maxSurge: "100%", minReadySeconds: 10 },
    },
    ingest: { replicas: 2, service: { type: "NodePort" }, resources: SMALL },
    processing: { coarseFlushPercent: 1, rollout: { minReadySeconds: 1 }, resources: SMALL },
    reporting: { resources: SMALL },
    dashboard: { service: { type: "NodePort" }, resources: SMALL },
  };
  return merged(values, over);
}

const SMALL = { requests: { cpu: "20m", memory: "192Mi" }, limits: { memory: "512Mi" } };

function merged(base: Values, over: Values): Values {
  const isMap = (value: unknown): value is Values =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(over).map(([name, value]) => {
    const under = base[name];
    return [name, isMap(under) && isMap(value) ? merged(under, value) : value];
  });
  return { ...base, ...Object.fromEntries(entries) };
}
