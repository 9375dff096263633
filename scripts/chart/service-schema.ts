import * as node from "./schema-nodes.ts";

const probe = node.map({
  periodSeconds: node.whole(1),
  timeoutSeconds: node.whole(1),
  failureThreshold: node.whole(1),
});

const rollout = node.map({
  maxSurge: node.share(),
  maxUnavailable: node.share(),
  minReadySeconds: node.whole(0),
  progressDeadlineSeconds: node.whole(1),
  revisionHistoryLimit: node.whole(0),
});

const shutdown = node.map({
  preStopSleepSeconds: node.whole(0),
  drainDelaySeconds: node.whole(0, 300),
  deadlineSeconds: node.whole(1, 3_600),
  terminationGracePeriodSeconds: node.whole(1),
});

const server = node.map({
  logLevel: node.oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
  logPretty: node.flag,
  reflection: node.flag,
  corsOrigins: node.textList("^(\\*|https?://[^/\\s]+)$"),
  trustedProxies: node.wholeOrNull(0, 10),
});

const quantities: node.Schema = { type: "object", additionalProperties: { type: ["string", "number"] } };

/** What stands under `defaults` and under each service; `own` is what one service has alone. */
export function service(own: Readonly<Record<string, node.Schema>>): node.Schema {
  return node.map({
    replicas: node.whole(0),
    image: node.map({
      registry: node.text(),
      repository: node.name,
      tag: node.text("^[A-Za-z0-9_.-]{0,128}(@sha256:[a-f0-9]{64})?$"),
      digest: node.text("^(sha256:[a-f0-9]{64})?$"),
      pullPolicy: node.oneOf("Always", "IfNotPresent", "Never"),
    }),
    server,
    shutdown,
    rollout,
    probes: node.map({ startup: probe, readiness: probe, liveness: probe }),
    resources: node.map({ requests: quantities, limits: quantities, claims: node.foreignList }),
    pdb: node.map({ enabled: node.flag, maxUnavailable: node.share(true), minAvailable: node.share(true) }),
    autoscaling: node.map({
      enabled: node.flag,
      minReplicas: node.whole(1),
      maxReplicas: node.whole(1),
      targetCPUUtilizationPercentage: node.whole(1),
      behavior: node.foreignMap,
    }),
    service: node.map({
      type: node.oneOf("ClusterIP", "NodePort", "LoadBalancer"),
      appProtocol: node.name,
      annotations: node.texts,
      nodePort: node.wholeOrNull(1, 65_535),
      loadBalancerSourceRanges: node.textList(),
    }),
    serviceAccount: node.map({ create: node.flag, name: node.text(), annotations: node.texts }),
    tls: node.map({ existingSecret: node.text(), clients: node.oneOf("any", "verified") }),
    networkPolicy: node.map({
      openTo: node.oneOf("anyone", "callers"),
      callers: node.foreignList,
      extraIngress: node.foreignList,
      extraEgress: node.foreignList,
    }),
    topologySpread: node.foreignList,
    podLabels: node.texts,
    podAnnotations: node.texts,
    annotations: node.texts,
    priorityClassName: node.text(),
    nodeSelector: node.texts,
    tolerations: node.foreignList,
    affinity: node.foreignMap,
    runtimeClassName: node.text(),
    podSecurityContext: node.foreignMap,
    securityContext: node.foreignMap,
    extraEnv: node.foreignList,
    extraEnvFrom: node.foreignList,
    extraVolumes: node.foreignList,
    extraVolumeMounts: node.foreignList,
    ...own,
  });
}
