/** Values that charts/millrace does not take, and what it says of them. */

import { describe, expect, it } from "vitest";
import { LEAST, over, refusal, type Values } from "./src/release.ts";

/** What is wrong, and a part of what is said. */
type Refused = readonly [values: Values, ...said: readonly string[]];

/** What the schema knows to be wrong, each by its path. */
const MISSPELT: readonly Refused[] = [
  [{ kafka: { broker: ["a:1"] } }, "/kafka", "'broker'"],
  [{ ingest: { replica: 2 } }, "/ingest", "'replica'"],
  [{ ingest: { blockBytes: "1MiB" } }, "/ingest", "'blockBytes'"],
  [{ kafka: { brokers: ["a"] } }, "/kafka/brokers/0", "'a'"],
  [{ cassandra: { contactPoints: "a:1" } }, "/cassandra/contactPoints", "array"],
  [{ cassandra: { consistency: "ONE" } }, "/cassandra/consistency", "LOCAL_QUORUM"],
  [{ redis: { claims: { url: "http://a" } } }, "/redis/claims/url"],
  [{ image: { digest: "sha256:1" } }, "/image/digest"],
  [{ ingest: { replicas: "two" } }, "/ingest/replicas", "integer"],
  [{ defaults: { server: { logLevel: "loud" } } }, "/defaults/server/logLevel"],
  [{ processing: { coarseFlushPercent: 101 } }, "/processing/coarseFlushPercent", "100"],
  [{ commonLabels: { a: 1 } }, "/commonLabels/a", "string"],
];

/** What contradicts itself, or lacks something. */
const WRONG: readonly Refused[] = [
  [{ kafka: { sasl: { mechanism: "scram-sha-256" } } }, "kafka.sasl.existingSecret: name the Secret"],
  [{ redis: { cache: { url: "redis://claims:6379" } } }, "claims and cache need a Redis each"],
  [{ redis: { cache: { existingSecret: "x" } } }, "redis.cache: url and existingSecret exclude each other"],
  [{ redis: { tls: { certificateKey: "tls.crt" } } }, "redis.tls: certificateKey and keyKey belong together"],
  [{ ingest: { pdb: { minAvailable: 1 } } }, "ingest.pdb: maxUnavailable and minAvailable exclude each other"],
  [{ ingest: { pdb: { maxUnavailable: "" } } }, "ingest.pdb: give maxUnavailable or minAvailable"],
  [{ ingest: { rollout: { maxSurge: "0%" } } }, "ingest.rollout: maxSurge and maxUnavailable are both 0"],
  [{ config: { shutdown: { deadlineSeconds: 60 } } }, "config.shutdown.terminationGracePeriodSeconds: at least 70"],
  [{ config: { shutdown: { drainDelaySeconds: 45 } } }, "config.shutdown.drainDelaySeconds: less than deadlineSeconds"],
  [{ processing: { autoscaling: { enabled: true } } }, "processing.keda.enabled"],
  [{ processing: { keda: { minReplicas: 9 } } }, "processing.keda: minReplicas is more than maxReplicas"],
  [{ reporting: { autoscaling: { minReplicas: 11 } } }, "reporting.autoscaling: minReplicas is more than maxReplicas"],
  [{ ingest: { service: { nodePort: 30080 } } }, "ingest.service.nodePort: a Service of type ClusterIP has none"],
  [
    { ingest: { service: { type: "NodePort", loadBalancerSourceRanges: ["10.0.0.0/8"] } } },
    "ingest.service.loadBalancerSourceRanges: only a Service of type LoadBalancer heeds them",
  ],
  [{ tls: { internal: { enabled: true } } }, "tls.internal: give existingSecret, certManager, or ingest.tls"],
  [{ tls: { internal: { enabled: true, certManager: { enabled: true } } } }, "issuerRef.name: name the issuer"],
  [{ gateway: { enabled: true } }, "gateway: give parentRefs, or set create", "give at least one name"],
  [
    { gateway: { enabled: true, create: true } },
    "gateway.className",
    "gateway.tls: give existingSecret or certManager",
  ],
  [
    {
      gateway: {
        enabled: true,
        parentRefs: [{ name: "a" }],
        dashboard: { hostnames: ["a.example"] },
        grpc: { hostnames: ["a.example"] },
      },
    },
    "need names that differ",
  ],
  [{ ingress: { enabled: true } }, "ingress.hosts", "ingress.tls: give existingSecret or certManager"],
  [{ adminKey: { existingSecret: "" } }, "test.existingSecret"],
];

describe("what is misspelt, of another type or out of bounds", () => {
  // Helm says all of it at once.
  const answer = refusal(MISSPELT.reduce((values, [wrong]) => over(values, wrong), LEAST));

  it.each(MISSPELT.map(([values, ...said]) => ({ values, said })))("is $values", ({ said }) => {
    const lines = answer.split("\n").filter((line) => line.includes(said[0]!));
    expect(lines.some((line) => said.every((part) => line.includes(part)))).toBe(true);
  });
});

describe("what can not be installed", () => {
  it.each(WRONG.map(([values, ...said]) => ({ values, said })))("is $values", ({ values, said }) => {
    const answer = refusal(over(LEAST, values));
    for (const part of said) expect(answer).toContain(part);
  });

  it("is an empty set of values, of which everything that is missing is said at once", () => {
    const answer = refusal({});
    for (const name of [
      "kafka.brokers",
      "cassandra.contactPoints",
      "cassandra.dataCenter",
      "redis.claims",
      "redis.cache",
      "serviceKey",
    ]) {
      expect(answer).toContain(`- ${name}`);
    }
  });
});
