/** The services' tables of variables, the documents and charts/millrace say the same, each of the others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { parseEnvironment, type VariableTable } from "@millrace/runtime";
import { describe, expect, it } from "vitest";
import {
  CHART,
  LEAST,
  over,
  Release,
  release,
  rendered,
  SERVICES,
  type Service,
} from "../../test/charts/src/release.ts";
import { documentedValues } from "./documented-values.ts";
import { SET_BY_CHART, VALUES_OF_VARIABLES } from "./variable-values.ts";
import { TABLES } from "./variables.ts";

const everything = new Release(rendered([join(CHART, "ci/everything.yaml")]));
const least = release();

/** Secrets that parse, for variables that are files in a pod. */
const SECRETS: Readonly<Record<string, string>> = {
  MILLRACE_SERVICE_KEY: `mlr_service_${"0".repeat(64)}`,
  MILLRACE_ADMIN_KEY: "mlr_live_0",
  MILLRACE_CLAIMS_URL: "redis://claims:6379",
};

const namesOf = (service: Service) => Object.values(TABLES[service]).map(({ name }): string => name);

/** Variables of a ConfigMap, by the names of their tables: a file of a secret stands for the secret. */
function variablesOf(of: Release, service: Service): Readonly<Record<string, string>> {
  const known = namesOf(service);
  const entries = Object.entries<string>(of.one("ConfigMap", service).data).map(([name, value]) => {
    const secret = name.replace(/_FILE$/, "");
    return known.includes(name) || !known.includes(secret) ? [name, value] : [secret, SECRETS[secret] ?? "secret"];
  });
  return Object.fromEntries(entries);
}

describe.each(SERVICES)("%s", (service) => {
  it("has every variable of its table set by the chart, and no other", () => {
    const own = Object.keys(variablesOf(everything, service)).filter((name) => name.startsWith("MILLRACE_"));
    const table = namesOf(service).filter((name) => name !== "MILLRACE_REVISION");
    expect(own.sort()).toEqual(table.sort());
  });

  it.each([
    ["the least", least],
    ["all", everything],
  ])("takes what the chart gives it of %s", (_, of) => {
    const warnings: string[] = [];
    const environment = variablesOf(of, service);
    const settings = parseEnvironment(TABLES[service] as VariableTable, environment, {
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({ host: "0.0.0.0", port: 8080, adminHost: "0.0.0.0", adminPort: 9090 });
  });

  it("has the chart's defaults where they are said twice", () => {
    const said = variablesOf(least, service);
    for (const { name, fallbackText, required, secret } of Object.values(TABLES[service])) {
      const isOwn = /HOST|DRAIN_DELAY|SHUTDOWN_DEADLINE|TRUSTED_PROXIES|LOG_PRETTY/.test(name);
      if (name in said && !required && !secret && !isOwn) expect(said[name], name).toBe(fallbackText);
    }
  });
});

describe("variables", () => {
  const all = [...new Set(SERVICES.flatMap(namesOf))];
  const paths = new Set(documentedValues(readFileSync(join(CHART, "values.yaml"), "utf8")).map(({ path }) => path));

  it("have each a value of the chart, or one that sets them, and none that is gone has one", () => {
    const named = [...Object.keys(VALUES_OF_VARIABLES), ...Object.keys(SET_BY_CHART)];
    expect(named.sort()).toEqual(all.sort());
  });

  it("are set by values that there are", () => {
    const values = Object.values(VALUES_OF_VARIABLES).flat();
    expect(values.filter((path) => !paths.has(path.replace(/^SERVICE\./, "defaults.")))).toEqual([]);
  });

  it("are read by the migration as by the services", () => {
    const known = new Set(all.flatMap((name) => [name, `${name}_FILE`]));
    for (const of of [least, everything]) {
      const env: readonly { name: string }[] = of.one("Job", "migrations").spec.template.spec.containers[0].env;
      expect(env.filter(({ name }) => !known.has(name))).toEqual([]);
      const servers = variablesOf(of, "processing");
      const named = env.map(({ name }) => (name in servers ? name : name.replace(/_FILE$/, "")));
      expect(named.sort()).toEqual(
        Object.keys(servers)
          .filter((name) => /_(KAFKA|CASSANDRA)_/.test(name))
          .sort(),
      );
    }
  });

  it("are those of the services in docs/operating.md, where it names them", () => {
    // Every server has it; the table says where it is of use.
    const rows = documentedVariables().filter(({ names }) => !names.includes("MILLRACE_TRUSTED_PROXIES"));
    for (const { names, services } of rows) {
      for (const name of names)
        expect(services, name).toEqual(SERVICES.filter((service) => namesOf(service).includes(name)));
    }
  });

  it("that differ between services, or are secret, are in docs/operating.md", () => {
    const documented = new Set(documentedVariables().flatMap(({ names }) => names));
    const common = all.filter((name) => SERVICES.every((service) => namesOf(service).includes(name)));
    const tuning = new Set(["MILLRACE_BYTES_IN_FLIGHT", "MILLRACE_BLOCK_BYTES", "MILLRACE_COARSE_FLUSH_PERCENT"]);
    const missing = all.filter((name) => !common.includes(name) && !tuning.has(name) && !documented.has(name));
    expect(missing).toEqual([]);
  });
});

it("files of secrets are where the variables say", () => {
  for (const of of [least, everything]) {
    for (const { name, spec } of of.pods.filter(({ name }) => !name.endsWith("-test"))) {
      const service = name.slice("mr-millrace-".length);
      const files = service === "migrations" ? envOf(spec.containers[0].env) : of.one("ConfigMap", service).data;
      const wanted = Object.values<string>(files).filter((value) => value.startsWith("/etc/millrace/secrets/"));
      const sources =
        spec.volumes.find((volume: { name: string }) => volume.name === "secrets")?.projected.sources ?? [];
      const given = sources.flatMap(({ secret }: { secret: { items: { path: string }[] } }) =>
        secret.items.map(({ path }) => `/etc/millrace/secrets/${path}`),
      );
      expect([...wanted].sort(), name).toEqual(given.sort());
    }
  }
});

it("a password of Redis may be in its address, which is then of a Secret", () => {
  const values = over(LEAST, { redis: { claims: { url: "", existingSecret: "claims" } } });
  const data = new Release(rendered([], values)).one("ConfigMap", "ingest").data;
  expect(data).toMatchObject({ MILLRACE_CLAIMS_URL_FILE: "/etc/millrace/secrets/claims/url" });
  expect(data).not.toHaveProperty("MILLRACE_CLAIMS_URL");
});

function envOf(env: readonly { readonly name: string; readonly value: string }[]): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** The rows of the table of variables: a name that begins with "_" goes on after the first two words of the one before. */
function documentedVariables(): readonly { readonly names: readonly string[]; readonly services: readonly string[] }[] {
  const page = readFileSync(join(CHECKOUT, "docs/operating.md"), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => /^\| `MILLRACE_/.test(line) && line.split("|").length === SERVICES.length + 3);
  return rows.map((row) => {
    const [cell = "", ...marks] = row
      .split("|")
      .slice(1, -1)
      .map((each) => each.trim());
    const [first = "", ...others] = [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const stem = first.split("_").slice(0, 2).join("_");
    const names = [first, ...others.map((name) => (name.startsWith("_") ? `${stem}${name}` : name))];
    return { names, services: SERVICES.filter((_, index) => marks[index] === "✓") };
  });
}
