import { tool } from "@millrace/harness/tools";
import { attempt, type Ended, run } from "./run-program.ts";

/** A resource, as far as the tests look at any. */
export type Resource = {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

/** The cluster of the current context, by kubectl and Helm. All is in one namespace. */
export class Cluster {
  readonly namespace: string;
  readonly #kubectl: string;
  readonly #helm: string;

  private constructor(namespace: string, kubectl: string, helm: string) {
    this.namespace = namespace;
    this.#kubectl = kubectl;
    this.#helm = helm;
  }

  /** Fails where there is no cluster. */
  static async connect(namespace: string): Promise<Cluster> {
    const [kubectl, helm] = await Promise.all([tool("kubectl"), tool("helm")]);
    const cluster = new Cluster(namespace, kubectl, helm);
    await cluster.kubectl("get", "--raw", "/readyz");
    return cluster;
  }

  /** The same cluster, in another namespace. */
  at(namespace: string): Cluster {
    return new Cluster(namespace, this.#kubectl, this.#helm);
  }

  /** Makes the namespace anew, with labels: what an earlier run may have left in it is gone. */
  async begin(labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.end();
    const metadata = { name: this.namespace, labels };
    await run(this.#kubectl, ["create", "--filename", "-"], {
      input: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata }),
    });
  }

  /** Removes the namespace with all that is in it, and waits until it is gone. */
  async end(): Promise<void> {
    const args = ["delete", "namespace", this.namespace, "--ignore-not-found"];
    await run(this.#kubectl, args, { withinMs: 180_000 });
  }

  kubectl(...args: string[]): Promise<string> {
    return run(this.#kubectl, ["--namespace", this.namespace, ...args]);
  }

  /** As `kubectl`, whichever way it ends. */
  tryKubectl(...args: string[]): Promise<Ended> {
    return attempt(this.#kubectl, ["--namespace", this.namespace, ...args]);
  }

  helm(...args: string[]): Promise<string> {
    return run(this.#helm, ["--namespace", this.namespace, ...args], { withinMs: 600_000 });
  }

  /** As `helm`, whichever way it ends. */
  tryHelm(...args: string[]): Promise<Ended> {
    return attempt(this.#helm, ["--namespace", this.namespace, ...args], { withinMs: 600_000 });
  }

  /** Makes or changes resources. */
  async apply(...resources: readonly object[]): Promise<void> {
    await run(this.#kubectl, ["--namespace", this.namespace, "apply", "--filename", "-"], { input: listOf(resources) });
  }

  /** Gives the whole cluster definitions of custom resources, from files, and waits until it serves them. */
  async define(files: readonly string[]): Promise<void> {
    const named = files.flatMap((file) => ["--filename", file]);
    await run(this.#kubectl, ["apply", "--server-side", ...named]);
    await run(this.#kubectl, ["wait", "--for=condition=Established", "--timeout=60s", ...named], { withinMs: 90_000 });
  }

  /** Asks the apiserver whether it would take resources; gives what it says of each. */
  dryRun(...resources: readonly object[]): Promise<Ended> {
    const args = ["--namespace", this.namespace, "apply", "--dry-run=server", "--validate=strict", "--filename", "-"];
    return attempt(this.#kubectl, args, { input: listOf(resources) });
  }

  /** One resource. */
  async get(kind: string, name: string): Promise<Resource> {
    return JSON.parse(await this.kubectl("get", kind, name, "--output", "json"));
  }

  /** All resources of kinds (separated by commas), with labels. */
  async list(kinds: string, labels = ""): Promise<Resource[]> {
    return JSON.parse(await this.kubectl("get", kinds, "--selector", labels, "--output", "json")).items;
  }

  /** Which kinds it serves of these API versions, as "version kind". */
  async kinds(apiVersions: Iterable<string>): Promise<Set<string>> {
    const each = [...apiVersions].map(async (version) => {
      const path = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
      const { code, stdout, stderr } = await this.tryKubectl("get", "--raw", path);
      if (code !== 0 && !stderr.includes("NotFound")) throw new Error(`${path}: ${stderr}`);
      const resources: { kind: string }[] = code === 0 ? JSON.parse(stdout).resources : [];
      return resources.map(({ kind }) => `${version} ${kind}`);
    });
    return new Set((await Promise.all(each)).flat());
  }

  /** What a path of the apiserver answers. */
  raw(path: string): Promise<string> {
    return this.kubectl("get", "--raw", path);
  }

  /** Asks for a pod's eviction, as a drain does. False: a budget does not allow it now. */
  async evict(pod: string): Promise<boolean> {
    const { namespace } = this;
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
    const args = ["create", "--raw", path, "--filename", "-"];
    const { code, stderr } = await attempt(this.#kubectl, args, { input: JSON.stringify(eviction) });
    if (code === 0) return true;
    if (/disruption budget/i.test(stderr)) return false;
    throw new Error(`the eviction of ${pod} failed: ${stderr}`);
  }

  /** Runs a program of Node's in a pod's container; gives what it prints. */
  node(pod: string, script: string): Promise<Ended> {
    return this.tryKubectl("exec", pod, "--", "/usr/local/bin/node", "--eval", script);
  }
}

function listOf(resources: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: resources });
}
