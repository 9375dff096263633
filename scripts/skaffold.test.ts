/** skaffold.yaml against its published schema, where that is at hand, and against the files that it names. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

type Artifact = {
  readonly image: string;
  readonly context: string;
  readonly docker: { readonly dockerfile: string; readonly target?: string };
  readonly sync?: { readonly manual: readonly { readonly src: string; readonly dest: string }[] };
};
type Release = {
  readonly name: string;
  readonly namespace: string;
  readonly chartPath: string;
  readonly valuesFiles?: readonly string[];
  readonly setValueTemplates?: Readonly<Record<string, string>>;
  readonly dependsOn?: readonly string[];
};
type Skaffold = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly build: { readonly artifacts: readonly Artifact[] };
  readonly deploy: { readonly helm: { readonly releases: readonly Release[]; readonly hooks: unknown } };
  readonly verify: readonly {
    readonly container: { readonly name: string; readonly image: string; readonly args: readonly string[] };
    readonly executionMode: { readonly kubernetesCluster: { readonly jobManifestPath: string } };
  }[];
  readonly profiles: readonly {
    readonly name: string;
    readonly build?: { readonly artifacts: readonly Artifact[] };
    readonly patches?: readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];
  }[];
};

const ROOT = join(import.meta.dirname, "..");

/** The schema that Skaffold publishes; it is no part of this repository. */
const SCHEMA = process.env["MILLRACE_SKAFFOLD_SCHEMA"] ?? join(ROOT, "../shared/schemas/skaffold-v4beta14.json");

const skaffold: Skaffold = parse(read("skaffold.yaml"));
const releases = skaffold.deploy.helm.releases;
const artifacts = [skaffold, ...skaffold.profiles].flatMap(({ build }) => build?.artifacts ?? []);

describe("skaffold.yaml", () => {
  it("is what Skaffold's published schema admits", (context) => {
    expect(skaffold.apiVersion).toBe("skaffold/v4beta14");
    expect(skaffold.kind).toBe("Config");
    if (!existsSync(SCHEMA)) {
      // Structure alone is checked then, by the other tests here.
      context.annotate(`not compared with the schema of Skaffold: MILLRACE_SKAFFOLD_SCHEMA names none that is there`);
      return;
    }
    const isValid = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, "utf8")));
    isValid(skaffold);
    expect(isValid.errors).toBeNull();
    expect(isValid({ ...skaffold, deploy: { ...skaffold.deploy, charts: [] } })).toBe(false);
  });

  it("names only files and folders that are there", () => {
    const paths = [
      ...artifacts.flatMap(({ context, docker }) => [context, docker.dockerfile]),
      ...releases.flatMap(({ chartPath, valuesFiles = [] }) => [chartPath, `${chartPath}/Chart.yaml`, ...valuesFiles]),
      ...skaffold.verify.map(({ executionMode }) => executionMode.kubernetesCluster.jobManifestPath),
      ...skaffold.verify.map(({ container }) => container.args[0]!),
      ...skaffold.profiles.flatMap(({ patches = [] }) => patches.map(({ value }) => value)).filter(isPath),
    ];
    expect(paths.length).toBeGreaterThan(8);
    for (const path of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it("builds targets that the Dockerfile has", () => {
    const stages = [...read("Dockerfile").matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
    for (const { docker } of artifacts) if (docker.target !== undefined) expect(stages).toContain(docker.target);
  });

  it("copies every source that services run, to where the image has it", () => {
    const rules = artifacts.flatMap(({ sync }) => sync?.manual ?? []);
    expect(rules.map(({ dest }) => dest)).toEqual(["/millrace", "/millrace"]);
    expect(read("Dockerfile")).toMatch(
      /FROM \S+ AS dev\n[\s\S]*?COPY --from=assembled --chown=65532:65532 \/millrace \/millrace/,
    );
    const copied = new Set(
      globSync(
        rules.map(({ src }) => src),
        { cwd: ROOT },
      ),
    );
    for (const file of globSync("{packages,services}/*/src/**/*.ts", { cwd: ROOT })) expect(copied).toContain(file);
  });

  it("has the image that the dev profile builds start its services again, and be built from what it needs", () => {
    const script = /ENTRYPOINT \["\/usr\/local\/bin\/node", "(scripts\/[\w-]+\.ts)"\]/.exec(read("Dockerfile"))?.[1];
    expect(existsSync(join(ROOT, script!))).toBe(true);
    expect(read(".dockerignore")).toContain(`!${script}\n`);
  });

  it("tells the chart of the image as Skaffold calls it, digest included", () => {
    const { setValueTemplates } = releases.find(({ name }) => name === "millrace")!;
    expect(setValueTemplates).toEqual({
      "image.repository": "{{.IMAGE_REPO_millrace}}",
      "image.tag": "{{.IMAGE_TAG_millrace}}{{if .IMAGE_DIGEST_millrace}}@{{.IMAGE_DIGEST_millrace}}{{end}}",
    });
  });

  it("verifies by a command that there is, in a pod that a policy admits and that Skaffold can fill in", () => {
    for (const { container, executionMode } of skaffold.verify) {
      const [file, ...args] = container.args;
      const help = execFileSync(process.execPath, [join(ROOT, file!), args[0]!, "--help"], { encoding: "utf8" });
      for (const option of args.slice(1)) expect(help).toContain(option.split("=")[0]);
      const job = parse(read(executionMode.kubernetesCluster.jobManifestPath));
      // Skaffold adds its own labels, and fails at a Job that has none.
      expect(job.metadata.labels["app.kubernetes.io/component"]).toBe("test");
      expect(job.spec.template.metadata.labels).toEqual(job.metadata.labels);
      expect(job.metadata.namespace).toBe(releases[0]?.namespace);
      expect(job.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual([container.name]);
      expect(skaffold.build.artifacts.map(({ image }) => image)).toContain(container.image);
    }
  });

  it("has the profiles dev and ci, whose patches meet something", () => {
    expect(skaffold.profiles.map(({ name }) => name)).toEqual(["dev", "ci"]);
    for (const { patches = [] } of skaffold.profiles) {
      for (const { op, path } of patches) {
        expect(op).toBe("add");
        const parents = path.split("/").slice(1, -1);
        const met = parents.reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], skaffold);
        expect(met, path).toBeTypeOf("object");
      }
    }
  });

  it("installs where `npm run kind` does, after it has made keys", () => {
    expect(releases.map(({ name, namespace }) => `${namespace}/${name}`)).toEqual([
      "millrace/millrace-dev",
      "millrace/millrace",
    ]);
    expect(releases[1]?.dependsOn).toEqual(["millrace-dev"]);
    expect(skaffold.deploy.helm.hooks).toEqual({
      before: [{ host: { command: ["npm", "run", "--silent", "kind", "--", "--keys"] } }],
    });
    expect(JSON.parse(read("package.json")).scripts).toHaveProperty("kind");
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function isPath(value: unknown): value is string {
  return typeof value === "string";
}
