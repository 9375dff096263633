/** Who may speak to whom, and by what they know each other, in charts/millrace. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHART, type Manifest, Release, release, rendered, SERVICES, type Values } from "./src/release.ts";

const least = release();
const everything = new Release(rendered([join(CHART, "ci/everything.yaml")]));

/** Which services call which. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  ingest: ["config"],
  processing: ["config", "processing"],
  config: [],
  reporting: ["config"],
  dashboard: ["config", "ingest", "processing", "reporting"],
  test: ["dashboard"],
  migrations: [],
};

/** The ports of servers that pods reach. */
const SERVERS: Readonly<Record<string, readonly number[]>> = {
  ingest: [6379, 6379, 9092],
  processing: [6379, 6379, 9042, 9092],
  config: [9042],
  reporting: [6379, 9042],
  dashboard: [9042],
  test: [],
  migrations: [9042, 9092],
};

function policy(of: Release, name: string): Manifest {
  return of.one("NetworkPolicy", name).spec;
}

/** The components among the peers of a rule. */
function componentsOf(peers: readonly Manifest[] | undefined): readonly string[] {
  return (peers ?? []).flatMap(({ podSelector }) => podSelector?.matchLabels?.["app.kubernetes.io/component"] ?? []);
}

function portsOf(rule: Manifest): readonly number[] {
  return rule.ports.map(({ port }: { port: number }) => port);
}

describe("the policies", () => {
  it("refuse all that is not named, for every pod of the release and for no other", () => {
    expect(policy(least, "default-deny")).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "millrace", "app.kubernetes.io/instance": "mr" } },
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it.each(Object.keys(CALLS))("let %s call what it needs, and nothing else", (name) => {
    const { egress, policyTypes } = policy(least, name);
    expect(policyTypes).toEqual(["Ingress", "Egress"]);
    const services = egress.filter((rule: Manifest) => portsOf(rule).includes(8080));
    expect(services.flatMap(({ to }: Manifest) => componentsOf(to)).sort()).toEqual(CALLS[name]);
    const [dns, ...rest] = egress;
    expect(dns.to[0].podSelector.matchLabels).toEqual({ "k8s-app": "kube-dns" });
    const servers = rest.filter((rule: Manifest) => !services.includes(rule)).flatMap(portsOf);
    expect(servers.sort((a: number, b: number) => a - b)).toEqual(SERVERS[name]);
  });

  it.each(SERVICES)("let %s be called by those that need it", (name) => {
    const [callers, scrapers, ...more] = policy(least, name).ingress;
    expect(portsOf(callers)).toEqual([8080]);
    const isOpen = name === "ingest" || name === "dashboard";
    const wanted = Object.keys(CALLS).filter((caller) => CALLS[caller]?.includes(name));
    expect(callers.from === undefined).toBe(isOpen);
    if (!isOpen) expect([...componentsOf(callers.from)].sort()).toEqual(wanted.sort());
    expect(portsOf(scrapers)).toEqual([9090]);
    expect(scrapers.from[0].namespaceSelector.matchLabels).toEqual({ "kubernetes.io/metadata.name": "monitoring" });
    expect(more).toEqual([]);
  });

  it("let nobody call the migration and the test", () => {
    for (const name of ["migrations", "test"]) expect(policy(least, name).ingress).toBeUndefined();
  });

  it("close what is open when callers are named, and add rules", () => {
    const [callers] = policy(everything, "ingest").ingress;
    expect(componentsOf(callers.from)).toEqual(["dashboard"]);
    expect(callers.from[1].namespaceSelector.matchLabels).toEqual({ "kubernetes.io/metadata.name": "gateways" });
    expect(policy(everything, "reporting").ingress.at(-1)).toEqual({ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] });
    expect(policy(everything, "reporting").egress.at(-1)).toEqual({ to: [{ ipBlock: { cidr: "10.1.0.0/16" } }] });
  });

  it.each<[string, Values, readonly number[]]>([
    ["brokers' ports", { kafka: { brokers: ["a:1111", "[::1]:2222", "b:1111"] } }, [1111, 2222, 6379, 6379]],
    ["a port of Redis with a database", { redis: { claims: { url: "redis://a:7000/2" } } }, [6379, 7000, 9092]],
    [
      "sentinels, and the primary",
      { redis: { claims: { url: "redis+sentinel://a:26379/p" } } },
      [6379, 6379, 9092, 26379],
    ],
    ["what was set", { networkPolicy: { kafka: { ports: [4444] } } }, [4444, 6379, 6379]],
  ])("know %s", (_, values, ports) => {
    const egress = policy(release(values), "ingest").egress.filter((rule: Manifest) => !portsOf(rule).some(isOwn));
    expect(egress.flatMap(portsOf).sort((a: number, b: number) => a - b)).toEqual(ports);
  });

  it("lead to where servers were said to be", () => {
    const to = [{ ipBlock: { cidr: "10.9.0.0/16" } }];
    const { egress } = policy(release({ networkPolicy: { kafka: { to } } }), "ingest");
    expect(egress.find((rule: Manifest) => portsOf(rule).includes(9092)).to).toEqual(to);
  });

  it("are not made where they are not wanted", () => {
    expect(release({ networkPolicy: { enabled: false } }).all("NetworkPolicy")).toEqual([]);
  });
});

function isOwn(port: number): boolean {
  return port === 53 || port === 8080;
}

describe("the Services", () => {
  it("have all pods' addresses where services call, and one where gateways do", () => {
    const headless = least.all("Service").filter(({ spec }) => spec.clusterIP === "None");
    const balanced = least.all("Service").filter(({ spec }) => spec.clusterIP !== "None");
    const names = (services: readonly Manifest[]) =>
      services.map(({ metadata }) => metadata.name.slice("mr-millrace-".length)).sort();
    expect(names(headless)).toEqual(["config", "ingest-headless", "processing", "reporting-headless"]);
    expect(names(balanced)).toEqual(["dashboard", "ingest", "reporting"]);
  });

  it("are found by the names that services call", () => {
    const hosts = least.all("Service").map(({ metadata }) => metadata.name);
    for (const { data } of least.all("ConfigMap")) {
      const urls = Object.entries<string>(data).filter(([name]) =>
        /^MILLRACE_(INGEST|CONFIG|REPORTING|PROCESSING)_URL$/.test(name),
      );
      for (const [name, url] of urls) {
        const { hostname, port } = new URL(url);
        expect([hosts.includes(hostname), port], name).toEqual([true, "8080"]);
      }
    }
  });

  it("show the admin port to Prometheus alone", () => {
    const ports = (of: Release) =>
      of.all("Service").filter(({ spec }) => spec.ports.some(({ port }: Manifest) => port === 9090));
    expect(ports(least)).toEqual([]);
    expect(ports(everything).map(({ metadata }) => metadata.name)).toEqual(["mr-millrace-admin"]);
    const monitor = everything.one("ServiceMonitor", "admin");
    expect(monitor.spec.selector.matchLabels).toEqual({
      "app.kubernetes.io/name": "millrace",
      "app.kubernetes.io/instance": "mr",
      "app.kubernetes.io/component": "admin",
    });
    expect(everything.one("Service", "admin").metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
  });
});

describe("certificates between services", () => {
  const internal = { tls: { internal: { enabled: true, existingSecret: "mesh" } } };

  it("are shown by all, and asked for where no gateway calls", () => {
    const of = release(internal);
    for (const name of SERVICES) {
      const { data } = of.one("ConfigMap", name);
      expect(data).toMatchObject({
        MILLRACE_TLS_CERTIFICATE_FILE: "/etc/millrace/tls/tls.crt",
        MILLRACE_TLS_KEY_FILE: "/etc/millrace/tls/tls.key",
        MILLRACE_TLS_CA_FILE: "/etc/millrace/tls/ca.crt",
        MILLRACE_TLS_CLIENTS: name === "ingest" || name === "dashboard" ? "any" : "verified",
      });
      const { volumes } = of.one("Deployment", name).spec.template.spec;
      expect(volumes).toContainEqual({ name: "tls", secret: { secretName: "mesh", defaultMode: 0o440 } });
      if (name !== "config") expect(data.MILLRACE_CONFIG_URL).toMatch(/^https:/);
    }
  });

  it("are named as services are called", () => {
    for (const name of SERVICES.filter((each) => each !== "config")) {
      const { spec } = everything.one("Certificate", name);
      expect(spec).toMatchObject({
        secretName: `mr-millrace-${name}-tls`,
        usages: expect.arrayContaining(["client auth"]),
      });
      const { data } = everything.one("ConfigMap", "dashboard");
      const url = data[`MILLRACE_${name.toUpperCase()}_URL`] ?? "https://mr-millrace-dashboard:8080";
      expect(spec.dnsNames).toContain(new URL(url).hostname);
      expect(spec.dnsNames).toContain(`mr-millrace-${name}.analytics.svc`);
    }
  });

  it("are a service's own where it has one", () => {
    const certificates = everything.all("Certificate").map(({ metadata }) => metadata.name);
    expect(certificates).not.toContain("mr-millrace-config");
    const { volumes } = everything.one("Deployment", "config").spec.template.spec;
    expect(volumes).toContainEqual({ name: "tls", secret: { secretName: "config-tls", defaultMode: 0o440 } });
  });

  it("are not there unless they are wanted", () => {
    for (const { data } of least.all("ConfigMap")) {
      expect(Object.keys(data).filter((name) => name.startsWith("MILLRACE_TLS"))).toEqual([]);
    }
  });
});

describe("what leads in from outside", () => {
  it("counts as a proxy: of the dashboard, where there is one; of ingest always, as the dashboard is one", () => {
    const proxies = (of: Release, name: string) => of.one("ConfigMap", name).data.MILLRACE_TRUSTED_PROXIES;
    expect(SERVICES.map((name) => proxies(least, name))).toEqual(["1", "0", "0", "0", "0"]);
    expect(proxies(everything, "dashboard")).toBe("1");
    expect(proxies(everything, "ingest")).toBe("2");
  });

  it("goes to services that are there, by ports that they have", () => {
    const services = everything.all("Service").map(({ metadata }) => metadata.name);
    const routes = [...everything.all("HTTPRoute"), ...everything.all("GRPCRoute")];
    expect(routes.map(({ metadata }) => metadata.name).sort()).toEqual([
      "mr-millrace-dashboard",
      "mr-millrace-grpc",
      "mr-millrace-ingest",
    ]);
    for (const { spec } of routes) {
      for (const { backendRefs } of spec.rules) {
        for (const { name, port } of backendRefs) expect([services.includes(name), port]).toEqual([true, 8080]);
      }
    }
    const [ingress] = everything.all("Ingress");
    for (const { http } of ingress.spec.rules) {
      expect(services).toContain(http.paths[0].backend.service.name);
      expect(http.paths[0].backend.service.port).toEqual({ name: "public" });
    }
  });

  it("has a listener and a certificate for each name", () => {
    const [gateway] = everything.all("Gateway");
    const names = ["millrace.example.org", "events.example.org", "grpc.example.org"];
    expect(gateway.spec.listeners.map(({ hostname }: Manifest) => hostname)).toEqual(names);
    expect(everything.one("Certificate", "gateway").spec).toMatchObject({ secretName: "gateway-tls", dnsNames: names });
    expect(everything.one("Certificate", "ingress").spec.dnsNames).toEqual([
      "old.example.org",
      "old-events.example.org",
    ]);
  });
});
