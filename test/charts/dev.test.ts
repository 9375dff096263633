/** charts/millrace-dev as it is rendered: nothing is started for that. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KUBERNETES_VERSIONS, kubernetesSchemas, tool } from "@millrace/harness/tools";
import { describe, expect, it, onTestFinished } from "vitest";
import { isMap, parse, parseAllDocuments, parseDocument } from "yaml";

type Labels = Readonly<Record<string, string>>;
type Container = {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: unknown;
  readonly livenessProbe?: { readonly periodSeconds: number; readonly failureThreshold: number };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type Pod = {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly Container[];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
};
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels };
  // biome-ignore lint/suspicious/noExplicitAny: what a kind has is asked by the test that asks for the kind
  readonly spec: any;
};

const ROOT = join(import.meta.dirname, "../..");
const CHART = "charts/millrace-dev";
const VALUES = `${CHART}/millrace-values.yaml`;
const SERVERS = ["cache", "cassandra", "claims", "kafka"];
const LASTING = ["kafka", "cassandra", "claims"].map((server) => `--set=${server}.persistence.enabled=true`);

const helm = await tool("helm");
const rendered = template();
const manifests = manifestsOf(rendered);
const stateful = manifests.filter(({ kind }) => kind === "StatefulSet");

describe("charts/millrace-dev", () => {
  it.each(["helm", "helm3"] as const)("has nothing that lint --strict of %s complains of", async (name) => {
    expect(execFileSync(await tool(name), ["lint", "--strict", CHART], { cwd: ROOT, encoding: "utf8" })).toContain(
      "0 chart(s) failed",
    );
  });

  it("renders what golden/millrace-dev.yaml holds", () => {
    // After a change that is meant: helm template millrace-dev charts/millrace-dev --namespace millrace > the file
    expect(rendered).toBe(readFileSync(join(import.meta.dirname, "golden/millrace-dev.yaml"), "utf8"));
  });

  it.each(KUBERNETES_VERSIONS)("is what Kubernetes %s takes, with and without volumes", async (version) => {
    const kubeconform = await tool("kubeconform");
    const schemas = ["-schema-location", await kubernetesSchemas(), "-kubernetes-version", version];
    for (const input of [rendered, template(...LASTING)]) {
      execFileSync(kubeconform, ["-strict", "-summary", ...schemas], { input, stdio: ["pipe", "inherit", "inherit"] });
    }
  });

  it("has one node of each server, whose pods the profile restricted admits", () => {
    expect(stateful.map(({ metadata }) => metadata.labels["app.kubernetes.io/component"]).sort()).toEqual(SERVERS);
    for (const { metadata, spec } of stateful) {
      expect(spec.replicas, metadata.name).toBe(1);
      const pod: Pod = spec.template.spec;
      expect(pod.automountServiceAccountToken, metadata.name).toBe(false);
      expect(pod.securityContext, metadata.name).toMatchObject({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const { securityContext, resources, volumeMounts } of pod.containers) {
        expect(securityContext, metadata.name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(Object.keys(resources.requests).sort()).toEqual(["cpu", "memory"]);
        expect(Object.keys(resources.limits)).toEqual(["memory"]);
        const volumes = pod.volumes.map(({ name }) => name);
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
      }
    }
  });

  it("limits what pods may write, and keeps nothing unless told to", () => {
    for (const { spec } of stateful) {
      expect(spec.volumeClaimTemplates).toBeUndefined();
      for (const { emptyDir } of (spec.template.spec as Pod).volumes) {
        if (emptyDir !== undefined) expect(emptyDir).toHaveProperty("sizeLimit");
      }
    }
    const lasting = manifestsOf(template(...LASTING, "--set=persistence.whenDeleted=Retain"));
    const claimed = lasting.filter(({ spec }) => spec?.volumeClaimTemplates !== undefined);
    expect(claimed.map(({ metadata }) => metadata.labels["app.kubernetes.io/component"]).sort()).toEqual([
      "cassandra",
      "claims",
      "kafka",
    ]);
    for (const { spec } of claimed) expect(spec.persistentVolumeClaimRetentionPolicy.whenDeleted).toBe("Retain");
  });

  it("takes images by a release, by a digest, and from another registry", () => {
    for (const image of imagesOf(manifests)) expect(image).toMatch(/^docker\.io\/[\w/]+:\d+\.\d+\.\d+$/);
    const digest = `sha256:${"a".repeat(64)}`;
    const images = imagesOf(
      manifestsOf(template(`--set=kafka.image.digest=${digest}`, "--set=global.imageRegistry=registry.example.org")),
    );
    expect(images).toContain(`registry.example.org/apache/kafka@${digest}`);
    for (const image of images) expect(image).toMatch(/^registry\.example\.org\//);
  });

  it("never evicts a claim, and forgets what is cached first", () => {
    const argumentsOf = (component: string) =>
      containersOf(stateful.filter(({ metadata }) => metadata.name === `millrace-dev-${component}`))[0]?.args?.join(
        " ",
      );
    expect(argumentsOf("claims")).toContain("--maxmemory-policy noeviction --appendonly yes");
    expect(argumentsOf("cache")).toContain("--maxmemory-policy allkeys-lru --appendonly no");
  });

  it("replaces no pod, whose data may go with it, for a new release of the chart alone", () => {
    for (const { spec } of stateful) {
      const labels = Object.keys(spec.template.metadata.labels);
      expect(labels).not.toContain("helm.sh/chart");
      expect(labels).not.toContain("app.kubernetes.io/version");
    }
  });
});

describe("the values of charts/millrace-dev", () => {
  it("are each explained in place", () => {
    const unexplained: string[] = [];
    const look = (node: unknown, path: string) => {
      if (!isMap(node)) return;
      for (const [index, { key, value }] of node.items.entries()) {
        const { value: name, commentBefore } = key as { value: string; commentBefore?: string };
        const isExplained = Boolean(commentBefore ?? (index === 0 ? node.commentBefore : undefined));
        const at = path === "" ? name : `${path}.${name}`;
        if (!isExplained && !/^(networkPolicy\.clients|.*\.resources\.(requests|limits)$)/.test(at))
          unexplained.push(at);
        look(value, at);
      }
    };
    const text = readFileSync(join(ROOT, CHART, "values.yaml"), "utf8");
    look(parseDocument(text).contents, "");
    // The comment at the top is the document's.
    expect(unexplained.filter((path) => path !== "global")).toEqual([]);
  });

  it.each([
    ["kafka.replicas=3", "a value that there is not"],
    ["kafka.image.tag=latest", "a tag that moves"],
    ["cassandra.heap=lots", "a heap that Java does not understand"],
    ["kafka.image.digest=sha256:abc", "half a digest"],
    ["networkPolicy.enabled=maybe", "a word for a switch"],
  ])("are refused with %s, %s", (setting) => {
    const { status, stderr } = spawnSync(helm, ["template", "x", CHART, "--set", setting], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("don't meet the specifications of the schema");
  });
});

describe("millrace-values.yaml", () => {
  const values = parse(readFileSync(join(ROOT, VALUES), "utf8"));
  const millrace = manifestsOf(render("millrace", "charts/millrace", "--values", VALUES));

  it("says what NOTES.txt prints after an installation", () => {
    const notes = execFileSync(
      helm,
      [
        "install",
        "millrace-dev",
        CHART,
        "--namespace",
        "millrace",
        "--dry-run=client",
        "--kubeconfig",
        emptyKubeconfig(),
      ],
      { cwd: ROOT, encoding: "utf8" },
    );
    const printed = parse(notes.slice(notes.indexOf("  kafka:\n", notes.indexOf("NOTES:"))).split("\n\n")[0]!);
    expect(values).toMatchObject(printed);
  });

  it("names Services that there are, with their ports", () => {
    const services = manifests.filter(({ kind }) => kind === "Service");
    const known = services.map(({ metadata, spec }) => `${metadata.name}:${spec.ports[0].port}`).sort();
    const { kafka, cassandra, redis } = values;
    const named = [...kafka.brokers, ...cassandra.contactPoints, redis.claims.url, redis.cache.url];
    expect(named.map((address: string) => address.replace("redis://", "")).sort()).toEqual(known);
  });

  it.each(SERVERS)("leads through both charts' policies to %s", (server) => {
    const pods = stateful.map(({ spec }) => spec.template.metadata.labels as Labels);
    const allowed = millrace
      .filter(({ kind }) => kind === "NetworkPolicy")
      .flatMap(({ spec }) => spec.egress ?? [])
      .flatMap(({ to = [] }: { to?: { podSelector?: { matchLabels: Labels } }[] }) => to)
      .map(({ podSelector }) => podSelector?.matchLabels ?? {})
      .filter((selector) => selector["app.kubernetes.io/component"] === server);
    expect(allowed.length).toBeGreaterThan(0);
    for (const selector of allowed) expect(pods.filter((labels) => matches(selector, labels))).toHaveLength(1);
    const policy = manifests.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name.endsWith(server))!;
    const callers: Labels = policy.spec.ingress[0].from[0].podSelector.matchLabels;
    const callersOfMillrace = millrace.filter(({ kind }) => kind === "Deployment" || kind === "Job");
    expect(callersOfMillrace.length).toBeGreaterThan(5);
    for (const { spec } of callersOfMillrace) expect(matches(callers, spec.template.metadata.labels)).toBe(true);
  });

  it("gives skaffold-values.yaml one pod of each service, whose sources can be replaced", () => {
    const values = ["--values", VALUES, "--values", `${CHART}/skaffold-values.yaml`];
    const tag = `--set=image.tag=1a2b@sha256:${"a".repeat(64)}`;
    const deployments = manifestsOf(render("millrace", "charts/millrace", ...values, tag)).filter(
      ({ kind }) => kind === "Deployment",
    );
    expect(deployments).toHaveLength(5);
    for (const { spec } of deployments) {
      expect(spec.replicas).toBe(1);
      for (const container of (spec.template.spec as Pod).containers) {
        expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: false });
        // A container that is started again has lost what was copied into it.
        const { periodSeconds, failureThreshold } = container.livenessProbe!;
        expect(periodSeconds * failureThreshold).toBeGreaterThan(86_400);
        expect(container.image).toBe(`millrace:1a2b@sha256:${"a".repeat(64)}`);
      }
    }
  });
});

function template(...options: string[]): string {
  return render("millrace-dev", CHART, ...options);
}

function render(release: string, chart: string, ...options: string[]): string {
  const command = ["template", release, chart, "--namespace", "millrace", ...options];
  return execFileSync(helm, command, { cwd: ROOT, encoding: "utf8" });
}

function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest)
    .filter(Boolean);
}

function containersOf(sets: readonly Manifest[]): readonly Container[] {
  return sets.flatMap(({ spec }) => (spec.template.spec as Pod).containers);
}

function imagesOf(all: readonly Manifest[]): string[] {
  return containersOf(all.filter(({ kind }) => kind === "StatefulSet")).map(({ image }) => image);
}

function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** No cluster is asked, whatever the person who runs this has one of. */
function emptyKubeconfig(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-kubeconfig-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "config");
  writeFileSync(path, "apiVersion: v1\nkind: Config\n");
  return path;
}
