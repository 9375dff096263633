import * as node from "./schema-nodes.ts";
import { service } from "./service-schema.ts";

const HOST_AND_PORT = "^([^\\s,:/]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}$";
const HOST = "^([^\\s,:/]+|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?$";
const TOPIC = "^[A-Za-z0-9_.-]{1,200}$";
const REDIS = "^(rediss?(\\+cluster|\\+sentinel)?://\\S+)?$";
const BYTES = "^([0-9]+ *(B|KiB|MiB|GiB)?)?$";
const HOSTNAME = "^(\\*\\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";

const serverTls = {
  existingSecret: node.text(),
  caKey: node.text(),
  certificateKey: node.text(),
  keyKey: node.text(),
};
const issuerRef = node.map({ name: node.text(), kind: node.name, group: node.name });
const redis = node.map({ url: node.text(REDIS), existingSecret: node.text(), urlKey: node.name });
const secretKey = node.map({ existingSecret: node.text(), key: node.name });
const egress = node.map({ to: node.foreignList, ports: node.list(node.port) });
const certificate = node.map({ enabled: node.flag, issuerRef });
const route = node.map({
  hostnames: node.textList(HOSTNAME),
  requestTimeout: node.text("^([0-9]{1,5}(h|m|s|ms)){0,4}$"),
});

const kafka = node.map({
  brokers: node.textList(HOST_AND_PORT),
  topic: node.text(TOPIC),
  controlTopic: node.text(TOPIC),
  deadLettersTopic: node.text(TOPIC),
  group: node.text(TOPIC),
  sessionTimeout: node.text("^([0-9]+(ms|s|m)?)?$"),
  sasl: node.map({
    mechanism: node.oneOf("", "plain", "scram-sha-256", "scram-sha-512"),
    existingSecret: node.text(),
    usernameKey: node.name,
    passwordKey: node.name,
  }),
  tls: node.map({ enabled: node.flag, ...serverTls }),
});

const cassandra = node.map({
  contactPoints: node.textList(HOST),
  dataCenter: node.text(),
  keyspace: node.text("^[a-z][a-z0-9_]{0,47}$"),
  consistency: node.oneOf("LOCAL_QUORUM", "QUORUM"),
  auth: node.map({ existingSecret: node.text(), usernameKey: node.name, passwordKey: node.name }),
  tls: node.map({ enabled: node.flag, serverName: node.text(), ...serverTls }),
});

const tls = node.map({
  internal: node.map({
    enabled: node.flag,
    existingSecret: node.text(),
    certManager: node.map({
      enabled: node.flag,
      issuerRef,
      duration: node.goDuration,
      renewBefore: node.goDuration,
    }),
  }),
});

const processing = service({
  blockBytes: node.text(BYTES),
  coarseFlushPercent: node.wholeOrNull(1, 100),
  keda: node.map({
    enabled: node.flag,
    minReplicas: node.whole(1),
    maxReplicas: node.whole(1),
    lagThreshold: node.whole(1),
    pollingInterval: node.whole(1),
    scaleDownStabilizationSeconds: node.whole(0, 3_600),
    brokers: node.textList(HOST_AND_PORT),
    extraTriggers: node.foreignList,
  }),
});

const migrations = node.map({
  enabled: node.flag,
  partitions: node.wholeOrNull(1),
  replicas: node.whole(1),
  allow: node.textList("^[a-z-]+$"),
  backoffLimit: node.whole(0),
  activeDeadlineSeconds: node.whole(1),
  resources: node.foreignMap,
  podAnnotations: node.texts,
});

const test = node.map({
  enabled: node.flag,
  existingSecret: node.text(),
  key: node.name,
  events: node.whole(1, 100_000),
  activeDeadlineSeconds: node.whole(30, 3_600),
  podAnnotations: node.texts,
});

const networkPolicy = node.map({
  enabled: node.flag,
  dns: egress,
  kafka: egress,
  cassandra: egress,
  claims: egress,
  cache: egress,
  otlp: egress,
  monitoring: node.map({ from: node.foreignList }),
});

const gateway = node.map({
  enabled: node.flag,
  parentRefs: node.foreignList,
  create: node.flag,
  className: node.text(),
  annotations: node.texts,
  tls: node.map({ existingSecret: node.text(), certManager: certificate }),
  dashboard: route,
  ingest: route,
  backendTls: node.map({
    enabled: node.flag,
    apiVersion: node.text("^gateway\\.networking\\.k8s\\.io/v1(alpha3)?$"),
    caConfigMap: node.text(),
  }),
  grpc: node.map({ hostnames: node.textList(HOSTNAME) }),
});

const ingress = node.map({
  enabled: node.flag,
  className: node.text(),
  annotations: node.texts,
  hosts: node.textList(HOSTNAME),
  ingestHosts: node.textList(HOSTNAME),
  tls: node.map({ enabled: node.flag, existingSecret: node.text(), certManager: certificate }),
});

/** What the chart's values may be: `values.schema.json`, but for the sentences of values.yaml. */
export const SCHEMA: node.Schema & { readonly properties: Readonly<Record<string, node.Schema>> } = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Values of the chart millrace",
  ...node.map({
    // Of a chart that holds this one it is about all parts, so others may have their own in it.
    global: {
      ...node.map({ imageRegistry: node.text(), imagePullSecrets: node.textList() }),
      additionalProperties: true,
    },
    image: node.map({
      registry: node.text(),
      repository: node.name,
      tag: node.text("^[A-Za-z0-9_.-]{0,128}(@sha256:[a-f0-9]{64})?$"),
      digest: node.text("^(sha256:[a-f0-9]{64})?$"),
      pullPolicy: node.oneOf("Always", "IfNotPresent", "Never"),
      pullSecrets: node.textList(),
    }),
    nameOverride: node.text(),
    fullnameOverride: node.text(),
    commonLabels: node.texts,
    commonAnnotations: node.texts,
    runbooksUrl: node.text("^https?://\\S+$"),
    kafka,
    cassandra,
    redis: node.map({ claims: redis, cache: redis, prefix: node.text("^[\\w.-]{1,64}$"), tls: node.map(serverTls) }),
    serviceKey: secretKey,
    adminKey: secretKey,
    tls,
    otlp: node.map({
      endpoint: node.text("^(https?://\\S+)?$"),
      protocol: node.oneOf("http/protobuf", "grpc"),
      sampleRatio: { type: "number", minimum: 0, maximum: 1 },
    }),
    defaults: service({}),
    ingest: service({ bytesInFlight: node.text(BYTES) }),
    processing,
    config: service({ processingVersion: node.wholeOrNull(1, 65_535) }),
    reporting: service({}),
    dashboard: service({}),
    migrations,
    test,
    networkPolicy,
    gateway,
    ingress,
    serviceMonitor: node.map({
      enabled: node.flag,
      interval: node.goDuration,
      scrapeTimeout: node.goDuration,
      labels: node.texts,
    }),
    prometheusRule: node.map({ enabled: node.flag, labels: node.texts }),
    grafanaDashboards: node.map({ enabled: node.flag, labels: node.texts, annotations: node.texts }),
    extraManifests: node.foreignList,
  }),
};
