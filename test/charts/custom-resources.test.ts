/** What charts/millrace makes for operators and gateways, held to the models of their resources: types, and what is required. */
import { join } from "node:path";
import { Certificate } from "@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate";
import { BackendTLSPolicy } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/BackendTLSPolicy";
import { Gateway } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway";
import { GRPCRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/GRPCRoute";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { BackendTLSPolicy as FormerBackendTLSPolicy } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha3/BackendTLSPolicy";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { describe, expect, it } from "vitest";
import { CHART, type Manifest, Release, rendered } from "./src/release.ts";

/** A model of a kind: made of a manifest, it can say what is wrong with it. */
type Model = new (manifest: Manifest) => { validate(): void };

const MODELS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "cert-manager.io/v1": { Certificate },
  "gateway.networking.k8s.io/v1": { BackendTLSPolicy, Gateway, GRPCRoute, HTTPRoute },
  "gateway.networking.k8s.io/v1alpha3": { BackendTLSPolicy: FormerBackendTLSPolicy },
  "keda.sh/v1alpha1": { ScaledObject, TriggerAuthentication },
  "monitoring.coreos.com/v1": { PrometheusRule, ServiceMonitor },
};

function validate(manifest: Manifest): void {
  const model = MODELS[manifest.apiVersion]?.[manifest.kind];
  if (model === undefined) throw new Error(`there is no model of ${manifest.apiVersion} ${manifest.kind}`);
  new (model as Model)(manifest).validate();
}

describe.each(["ci/everything", "examples/medium", "examples/large"])("the custom resources of %s", (file) => {
  const { manifests } = new Release(rendered([join(CHART, `${file}.yaml`)]));
  const custom = manifests.filter(({ apiVersion }) => apiVersion in MODELS);

  it("are there", () => expect(custom.length).toBeGreaterThanOrEqual(4));

  it("are what their operators take", () => {
    for (const manifest of custom) {
      expect(() => validate(manifest), `${manifest.kind} ${manifest.metadata.name}`).not.toThrow();
    }
  });
});

it("one without what is required is refused, so that the check above checks", () => {
  const route = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { name: "a" } };
  expect(() => validate({ ...route, spec: { hostnames: "a" } })).toThrow("hostnames");
});
