import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { CREDENTIALS_FILE, createApiKey, writeCredentials } from "@millrace/credential";
import { clientAt, Installation, type Protocol } from "@millrace/harness/installation";
import type { Patience } from "@millrace/harness/until";
import { stringify } from "yaml";
import type { Cluster } from "./cluster.ts";
import { CHART, type Values, valuesOf } from "./release-values.ts";
import type { ClusterServers } from "./servers.ts";

/** The release, and what all names of the chart begin with. */
export const RELEASE = "millrace";
/** Whatever the chart made. */
export const OF_RELEASE = `app.kubernetes.io/instance=${RELEASE}`;

const READY_WITHIN = "5m";
/** Longer than in a process: pods come and go meanwhile. */
const COUNTED = { withinMs: 180_000, everyMs: 500 };

/** The labels of a service's pods. */
export function podsOf(service: string): string {
  return `${OF_RELEASE},app.kubernetes.io/component=${service}`;
}

/** How it is installed. */
export type ClusterInstallationOptions = {
  /** The image, as repository:tag, which the cluster has or can get. */
  readonly image: string;
  /** An address of a node, at which this machine reaches the Services that have ports there. */
  readonly nodeAddress: string;
};

/** Millrace in a cluster, installed by its chart; called through ports of a node, as by anybody outside. */
export class ClusterInstallation extends Installation {
  readonly cluster: Cluster;
  readonly adminKey: string;
  readonly #servers: ClusterServers;
  readonly #options: ClusterInstallationOptions;
  readonly #clients = new Map<string, unknown>();
  readonly #ports = new Map<string, number>();

  constructor(cluster: Cluster, servers: ClusterServers, options: ClusterInstallationOptions) {
    super(mkdtempSync(join(tmpdir(), "millrace-cluster-")));
    this.cluster = cluster;
    this.#servers = servers;
    this.#options = options;
    this.adminKey = createApiKey(randomBytes).text;
  }

  /** The dashboard, which forwards everything. */
  override get url(): string {
    return this.urlOf("dashboard");
  }

  /** Where a service with a port at nodes is reached. */
  urlOf(service: "dashboard" | "ingest"): string {
    return `http://${this.#options.nodeAddress}:${this.#ports.get(service)}`;
  }

  /** One client for each service and key: connections are kept, as programs keep them. */
  override client<Service extends DescService>(service: Service, key?: string, protocol?: Protocol): Client<Service> {
    const id = `${service.typeName} ${key} ${protocol}`;
    const known = this.#clients.get(id) ?? clientAt(this.url, service, key ?? this.adminKey, protocol);
    this.#clients.set(id, known);
    return known as Client<Service>;
  }

  override untilCounted(projectId: string, count: number, patience?: Patience) {
    return super.untilCounted(projectId, count, { ...COUNTED, ...patience });
  }

  /** Makes the namespace, which enforces the profile `restricted`, and the two keys. */
  async prepare(): Promise<void> {
    const { cluster } = this;
    await cluster.begin({ "pod-security.kubernetes.io/enforce": "restricted" });
    await cluster.apply(
      secret("millrace-service-key", { "service-key": `mlr_service_${randomBytes(32).toString("hex")}` }),
      secret("millrace-admin-key", { "admin-key": this.adminKey }),
    );
  }

  /** Installs the chart, and waits until all is ready. */
  async install(): Promise<void> {
    await this.#helm("install", {});
    for (const service of ["dashboard", "ingest"]) {
      const { spec } = await this.cluster.get("service", `${RELEASE}-${service}`);
      this.#ports.set(service, (spec["ports"] as { nodePort: number }[])[0]!.nodePort);
    }
    writeCredentials(join(this.dataDirectory, CREDENTIALS_FILE), {
      url: this.url,
      adminKey: this.adminKey,
      projectKeys: {},
    });
  }

  /** Upgrades to the values of the tests and those given over them, and waits until it is done. */
  async upgrade(values: Values): Promise<void> {
    await this.#helm("upgrade", values);
  }

  /** Removes the release, and what was made for it. */
  async dispose(): Promise<void> {
    rmSync(this.dataDirectory, { recursive: true, force: true });
    await this.cluster.tryHelm("uninstall", RELEASE, "--ignore-not-found", "--wait");
    await this.cluster.end();
  }

  async #helm(verb: "install" | "upgrade", over: Values): Promise<void> {
    const file = join(this.dataDirectory, "values.yaml");
    writeFileSync(file, stringify(valuesOf(this.#options.image, this.#servers, over)));
    const args = [verb, RELEASE, CHART, "--values", file, "--wait", "--timeout", READY_WITHIN];
    const { code, stdout, stderr } = await this.cluster.tryHelm(...args);
    if (code !== 0) throw new Error(`helm ${verb} failed: ${stderr || stdout}\n${await this.#state()}`);
  }

  /** What pods are doing, for whoever reads why something failed. */
  async #state(): Promise<string> {
    const { cluster } = this;
    const told = [
      await cluster.tryKubectl("get", "pods", "--output", "wide"),
      await cluster.tryKubectl("get", "events", "--sort-by", ".lastTimestamp"),
      await cluster.tryKubectl("logs", "--selector", OF_RELEASE, "--tail", "5", "--prefix"),
    ];
    return told.map(({ stdout }) => stdout.slice(-4_000)).join("\n");
  }
}

function secret(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
}
