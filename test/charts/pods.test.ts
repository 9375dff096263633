/** Every pod of charts/millrace: what it may, how it is known to live, how it ends. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHART, Release, release, rendered, SERVICES } from "./src/release.ts";

const least = release();
const everything = new Release(rendered([join(CHART, "ci/everything.yaml")]));
const pods = [...least.pods, ...everything.pods];

describe("every pod", () => {
  it("is there for each service, for the migration and for the test", () => {
    const names = [...SERVICES, "migrations", "test"].map((name) => `mr-millrace-${name}`);
    for (const { pods } of [least, everything]) expect(pods.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it("is restricted, as the Pod Security profile of that name wants it", () => {
    for (const { name, spec } of pods) {
      expect(spec.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(spec[key]).toBeUndefined();
      for (const container of spec.containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        for (const { hostPort } of container.ports ?? []) expect(hostPort).toBeUndefined();
      }
      const kinds = spec.volumes.flatMap(({ name: _, ...source }: Record<string, unknown>) => Object.keys(source));
      for (const kind of kinds) expect(["projected", "secret", "emptyDir", "configMap"]).toContain(kind);
    }
  });

  it("has neither a token nor variables of links, which would be taken for settings", () => {
    for (const { spec } of pods) {
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    }
    for (const account of [...least.all("ServiceAccount"), ...everything.all("ServiceAccount")]) {
      expect(account.automountServiceAccountToken).toBe(false);
    }
  });

  it("can write to /tmp alone, and only so much", () => {
    for (const { spec } of pods) {
      for (const { volumeMounts } of spec.containers) {
        const writable = volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => readOnly !== true);
        expect(writable).toEqual([{ name: "tmp", mountPath: "/tmp" }]);
      }
      expect(spec.volumes).toContainEqual({ name: "tmp", emptyDir: { sizeLimit: "64Mi" } });
    }
  });

  it("asks for memory and cores, and has a limit of memory that is what it asks for", () => {
    for (const { name, spec } of pods) {
      for (const { resources } of spec.containers) {
        expect(resources.requests.cpu, name).toBeDefined();
        expect(resources.limits, name).toEqual({ memory: resources.requests.memory });
      }
    }
  });

  it("has no text of a secret: keys and passwords are files, or of a Secret", () => {
    const text = rendered([join(CHART, "ci/everything.yaml")]);
    expect(text).not.toMatch(/^kind: Secret$/m);
    for (const { name, spec } of pods) {
      for (const { env = [] } of spec.containers) {
        for (const { name: variable, value } of env) {
          if (/(_KEY|PASSWORD|USERNAME)(_FILE)?$/.test(variable))
            expect(value ?? "/etc/millrace/", name).toMatch(/^\/etc\/millrace\//);
        }
      }
    }
  });

  it("takes the image by digest where there is one, from the registry of all where there is one", () => {
    const image = (name: string, values = {}) =>
      release(values).one("Deployment", name).spec.template.spec.containers[0].image;
    const digest = `sha256:${"0".repeat(64)}`;
    expect(image("ingest")).toBe("millrace:0.1.0");
    expect(image("ingest", { image: { tag: "7" } })).toBe("millrace:7");
    expect(image("ingest", { image: { tag: "7", digest } })).toBe(`millrace@${digest}`);
    expect(image("ingest", { image: { registry: "a.example", repository: "b/c" } })).toBe("a.example/b/c:0.1.0");
    expect(image("ingest", { image: { registry: "a.example" }, global: { imageRegistry: "m.example" } })).toBe(
      "m.example/millrace:0.1.0",
    );
    const one = { image: { digest }, ingest: { image: { tag: "8" } } };
    expect([image("ingest", one), image("config", one)]).toEqual(["millrace:8", `millrace@${digest}`]);
  });
});

describe.each(SERVICES)("%s", (service) => {
  const { spec: deployment } = least.one("Deployment", service);
  const { spec } = deployment.template;
  const [container] = spec.containers;

  it("is asked by the admin port, and by liveness for nothing but itself", () => {
    expect(container.args).toEqual([`services/${service}/src/main.ts`]);
    for (const probe of ["startupProbe", "livenessProbe"]) {
      expect(container[probe].httpGet).toEqual({ port: "admin", path: "/livez" });
    }
    expect(container.readinessProbe.httpGet).toEqual({ port: "admin", path: "/readyz" });
    const { periodSeconds, failureThreshold } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(300);
  });

  it("serves on while endpoints are taken out, and has time to end", () => {
    const sleep = container.lifecycle.preStop.sleep.seconds;
    const { data } = least.one("ConfigMap", service);
    const deadline = Number.parseInt(data.MILLRACE_SHUTDOWN_DEADLINE_MS, 10);
    expect(data).toMatchObject({ MILLRACE_DRAIN_DELAY_MS: "5s", MILLRACE_SHUTDOWN_DEADLINE_MS: `${deadline}s` });
    expect(sleep).toBe(5);
    expect(spec.terminationGracePeriodSeconds).toBe(service === "processing" ? 90 : 60);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(sleep + deadline);
  });

  it("is replaced without a pod fewer, but for processing, which has none more", () => {
    const rollingUpdate =
      service === "processing" ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: "25%", maxUnavailable: 0 };
    expect(deployment).toMatchObject({ minReadySeconds: 15, strategy: { type: "RollingUpdate", rollingUpdate } });
  });

  it("is found by labels that no upgrade changes", () => {
    const name = { "app.kubernetes.io/name": "millrace", "app.kubernetes.io/instance": "mr" };
    const selector = { ...name, "app.kubernetes.io/component": service };
    expect(deployment.selector.matchLabels).toEqual(selector);
    const budget = least.one("PodDisruptionBudget", service).spec;
    expect(budget).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selector },
    });
    for (const { spread } of spec.topologySpreadConstraints.map((spread: unknown) => ({ spread }))) {
      expect(spread).toMatchObject({ labelSelector: { matchLabels: selector }, matchLabelKeys: ["pod-template-hash"] });
    }
    // A change of the chart alone replaces no pod.
    expect(deployment.template.metadata.labels).not.toHaveProperty("helm.sh/chart");
  });

  it("is replaced when its settings change, and not when another's do", () => {
    const changed = release({ [service]: { server: { logLevel: "debug" } } });
    const differ = SERVICES.filter((name) => checksum(changed, name) !== checksum(least, name));
    expect(differ).toEqual([service]);
  });

  it("has all that a platform may add to it", () => {
    const { template, ...rest } = everything.one("Deployment", service).spec;
    expect(template.spec).toMatchObject({
      priorityClassName: "high",
      runtimeClassName: "gvisor",
      nodeSelector: { disk: "ssd" },
      tolerations: [{ key: "dedicated" }],
      affinity: { nodeAffinity: {} },
      imagePullSecrets: [{ name: "pull-all" }, { name: "pull" }],
    });
    expect(template.metadata.labels).toMatchObject({ team: "analytics", "sidecar.istio.io/inject": "false" });
    expect(template.metadata.annotations).toMatchObject({ "example.org/pod": "yes", "example.org/owner": "analytics" });
    expect(template.spec.containers[0].env).toContainEqual({ name: "TZ", value: "UTC" });
    expect(template.spec.containers[0].envFrom[1]).toEqual({ configMapRef: { name: "more", optional: true } });
    expect(template.spec.containers[0].volumeMounts).toContainEqual({
      name: "more",
      mountPath: "/more",
      readOnly: true,
    });
    expect(everything.one("PodDisruptionBudget", service).spec).toMatchObject({ minAvailable: 1 });
    // Whoever scales it sets the number.
    const isScaled = ["ingest", "processing", "reporting"].includes(service);
    expect("replicas" in rest).toBe(!isScaled);
    const scaler = service === "processing" ? "ScaledObject" : "HorizontalPodAutoscaler";
    expect(everything.all(scaler).some(({ metadata }) => metadata.name === `mr-millrace-${service}`)).toBe(isScaled);
  });
});

describe("what is set for one service", () => {
  it("is laid over the defaults, false, 0 and nothing included", () => {
    const { manifests } = release({
      defaults: { pdb: { enabled: true }, shutdown: { preStopSleepSeconds: 7 }, nodeSelector: { a: "1" } },
      config: { pdb: { enabled: false }, shutdown: { preStopSleepSeconds: 0 }, nodeSelector: { b: "2" }, replicas: 0 },
    });
    const names = (kind: string) => manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
    expect(names("PodDisruptionBudget")).not.toContain("mr-millrace-config");
    expect(names("PodDisruptionBudget")).toContain("mr-millrace-ingest");
    const of = (name: string) =>
      manifests.find((each) => each.kind === "Deployment" && each.metadata.name.endsWith(name));
    expect(of("config").spec.replicas).toBe(0);
    expect(of("config").spec.template.spec.containers[0].lifecycle).toBeUndefined();
    expect(of("config").spec.template.spec.nodeSelector).toEqual({ a: "1", b: "2" });
    expect(of("ingest").spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds).toBe(7);
  });

  it("gives OpenShift the choice of users where they are null", () => {
    const context = { runAsUser: null, runAsGroup: null, fsGroup: null };
    for (const { spec } of release({ defaults: { podSecurityContext: context } }).pods) {
      expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    }
  });
});

describe("the migration", () => {
  const job = everything.one("Job", "migrations");

  it("runs before anything else is made, with an account and a policy of its own, and leaves nothing", () => {
    const hooks = [job, everything.one("ServiceAccount", "migrations"), everything.one("NetworkPolicy", "migrations")];
    for (const { metadata } of hooks) {
      expect(metadata.annotations).toMatchObject({
        "helm.sh/hook": "pre-install,pre-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      });
    }
    const [ofJob, ...others] = hooks.map(({ metadata }) => Number(metadata.annotations["helm.sh/hook-weight"]));
    for (const weight of others) expect(weight).toBeLessThan(ofJob!);
    // What the Job names must be there before the release is.
    const { spec } = job.spec.template;
    expect(spec.serviceAccountName).toBe("mr-millrace-migrations");
    expect(spec.containers[0].envFrom).toBeUndefined();
  });

  it("is told what is wanted", () => {
    expect(job.spec.template.spec.containers[0].args).toEqual([
      "packages/cli/bin/millrace.js",
      "migrate",
      "--replicas=1",
      "--partitions=12",
      "--allow=replication-factor",
    ]);
    expect(release({ migrations: { enabled: false } }).all("Job")).toEqual([]);
  });
});

describe("the test", () => {
  it("is run by helm test alone, shows what it says, and leaves nothing", () => {
    const { metadata, spec } = least.one("Pod", "test");
    expect(metadata.annotations).toEqual({
      "helm.sh/hook": "test",
      "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      "helm.sh/hook-output-log-policy": "hook-succeeded,hook-failed",
    });
    expect(spec.containers[0].args).toEqual([
      "packages/cli/bin/millrace.js",
      "selftest",
      "--events=1000",
      "--timeout=280",
    ]);
    expect(spec.containers[0].env).toContainEqual({ name: "MILLRACE_URL", value: "http://mr-millrace-dashboard:8080" });
    expect(release({ test: { enabled: false } }).all("Pod")).toEqual([]);
  });
});

function checksum(of: Release, name: string): string {
  return of.one("Deployment", name).spec.template.metadata.annotations["checksum/settings"];
}
