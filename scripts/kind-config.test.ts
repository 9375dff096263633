/** kind-config.yaml as strictly as kind reads it, and against what is installed on it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CLUSTER } from "./kind/releases.ts";

type Node = {
  readonly role: string;
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly extraPortMappings?: readonly { containerPort: number; hostPort: number; listenAddress: string }[];
};

const ROOT = join(import.meta.dirname, "..");
const config: { name: string; nodes: readonly Node[] } = read("kind-config.yaml");
const isValid = new Ajv().compile(JSON.parse(readFileSync(join(ROOT, "scripts/kind/v1alpha4.schema.json"), "utf8")));

describe("kind-config.yaml", () => {
  it("is what kind reads", () => {
    isValid(config);
    expect(isValid.errors).toBeNull();
  });

  it.each([
    ["a field that kind does not know", { ...config, image: "kindest/node" }],
    ["a field of a node that kind does not know", { ...config, nodes: [{ role: "worker", zone: "a" }] }],
    ["a role that there is not", { ...config, nodes: [{ role: "master" }] }],
    ["a port as text", { ...config, nodes: [{ extraPortMappings: [{ containerPort: "80" }] }] }],
    ["another version", { ...config, apiVersion: "kind.x-k8s.io/v1alpha3" }],
  ])("would be refused with %s", (_, wrong) => {
    expect(isValid(wrong)).toBe(false);
  });

  it("has one control plane, and three workers in zones of their own", () => {
    expect(config.nodes.map(({ role }) => role)).toEqual(["control-plane", "worker", "worker", "worker"]);
    const zones = config.nodes.slice(1).map(({ labels }) => labels?.["topology.kubernetes.io/zone"]);
    expect(new Set(zones).size).toBe(3);
    expect(zones).not.toContain(undefined);
  });

  it("has nodes of one release, by its digest", () => {
    for (const { image } of config.nodes) {
      expect(image).toMatch(/^kindest\/node:v1\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
      expect(image).toBe(config.nodes[0]?.image);
    }
  });

  it("shows the dashboard's port, to this machine alone", () => {
    const ports = config.nodes.flatMap(({ extraPortMappings = [] }) => extraPortMappings);
    const { dashboard } = read("charts/millrace-dev/millrace-values.yaml");
    expect(dashboard.service.type).toBe("NodePort");
    expect(ports.map(({ containerPort }) => containerPort)).toContain(dashboard.service.nodePort);
    for (const { listenAddress } of ports) expect(listenAddress).toBe("127.0.0.1");
  });

  it("is called as `npm run kind` calls it", () => {
    expect(config.name).toBe(CLUSTER);
  });
});

function read(path: string) {
  return parse(readFileSync(join(ROOT, path), "utf8"));
}
