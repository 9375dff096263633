import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { tool } from "@millrace/harness/tools";
import { parseAllDocuments, stringify } from "yaml";

/** The chart. */
export const CHART = join(CHECKOUT, "charts/millrace");

/** All services. */
export const SERVICES = ["ingest", "processing", "config", "reporting", "dashboard"] as const;
export type Service = (typeof SERVICES)[number];

/** Values to lay over others. */
export type Values = { readonly [name: string]: unknown };

/** The least that can be installed. */
export const LEAST: Values = {
  kafka: { brokers: ["kafka:9092"] },
  cassandra: { contactPoints: ["cassandra:9042"], dataCenter: "dc1" },
  redis: { claims: { url: "redis://claims:6379" }, cache: { url: "redis://cache:6379" } },
  serviceKey: { existingSecret: "service-key" },
  adminKey: { existingSecret: "admin-key" },
};

// biome-ignore lint/suspicious/noExplicitAny: what a kind has is asked by the test that asks for the kind
export type Manifest = { readonly kind: string; readonly metadata: any; readonly spec: any; readonly data: any } & any;

const helm = await tool("helm");

/** What a Helm prints of a release `mr` in the namespace `analytics`, from files of values and more values. */
export function rendered(files: readonly string[], values: Values = {}, program = helm): string {
  const result = render(files, values, program);
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}

/** What Helm says of values that it does not take. Throws when it takes them. */
export function refusal(values: Values): string {
  const result = render([], values, helm);
  if (result.status === 0) throw new Error("helm took these values");
  return result.stderr;
}

/** What `helm lint --strict` says. Throws when it complains. */
export function lint(program: string, file: string): string {
  return execFileSync(program, ["lint", "--strict", CHART, "--values", file], { encoding: "utf8", stdio: "pipe" });
}

/** The manifests of a release. */
export class Release {
  readonly manifests: readonly Manifest[];

  constructor(text: string) {
    this.manifests = parseAllDocuments(text)
      .map((document) => document.toJS() as Manifest)
      .filter((manifest) => manifest !== null);
  }

  /** All manifests of a kind. */
  all(kind: string): readonly Manifest[] {
    return this.manifests.filter((manifest) => manifest.kind === kind);
  }

  /** The manifest of a kind and a name without the release's, such as "ingest". Throws when there is none. */
  one(kind: string, name: string): Manifest {
    const found = this.all(kind).find(({ metadata }) => metadata.name === `mr-millrace-${name}`);
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return found;
  }

  /** The pod specifications: of services, the Job and the test. */
  get pods(): readonly { readonly name: string; readonly metadata: Manifest; readonly spec: Manifest }[] {
    return this.manifests.flatMap((manifest) => {
      const { name } = manifest.metadata;
      if (manifest.kind === "Pod") return [{ name, metadata: manifest.metadata, spec: manifest.spec }];
      const template = manifest.spec?.template;
      return template?.spec?.containers === undefined ? [] : [{ name, ...template }];
    });
  }
}

/** The release that values laid over the least make. */
export function release(values: Values = {}): Release {
  return new Release(rendered([], over(LEAST, values)));
}

/** Values over others; maps are merged. */
export function over(base: Values, values: Values): Values {
  const isMap = (value: unknown): value is Values =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(values).map(([name, value]) => {
    const under = base[name];
    return [name, isMap(under) && isMap(value) ? over(under, value) : value];
  });
  return { ...base, ...Object.fromEntries(entries) };
}

function render(files: readonly string[], values: Values, program: string) {
  const given = files.flatMap((file) => ["--values", file]);
  const args = ["template", "mr", CHART, "--namespace", "analytics", ...given, "--values", "-"];
  return spawnSync(program, args, { input: stringify(values), encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}
