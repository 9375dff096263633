/** compose.yaml, the Dockerfile and .dockerignore against the code that they start: no container is needed for that. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { COMPOSE_SERVERS } from "../test/harness/src/servers/compose.ts";

type Service = {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
};

const ROOT = join(import.meta.dirname, "..");
const compose: { services: Readonly<Record<string, Service>>; volumes: Readonly<Record<string, unknown>> } = parse(
  readFileSync(join(ROOT, "compose.yaml"), "utf8"),
  { merge: true },
);
const services = Object.entries(compose.services);
const processes = services.filter(([, { command }]) => command?.[0]?.startsWith("services/"));

describe("compose.yaml", () => {
  it("has every service that can be started alone", () => {
    const names = processes.map(([name]) => name).sort();
    expect(names).toEqual(["config", "dashboard", "ingest", "processing", "reporting"]);
  });

  it.each(processes)("gives %s every variable that it requires, and none that it does not know", (_, service) => {
    const help = execFileSync(process.execPath, [join(ROOT, service.command![0]!), "--help"], { encoding: "utf8" });
    const variables = [...help.matchAll(/^ {2}(MILLRACE_\w+)( {2}\(required\))?/gm)];
    const known = variables.map(([, name]) => name!);
    const given = Object.keys(service.environment ?? {}).map((name) => name.replace(/_FILE$/, ""));
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
    const required = variables.filter(([, , isRequired]) => isRequired !== undefined).map(([, name]) => name!);
    expect(required.length).toBeGreaterThan(0);
    expect(required.filter((name) => !given.includes(name))).toEqual([]);
  });

  it("starts only files that are there, and are in the image", () => {
    const files = services.flatMap(([, { command = [] }]) =>
      command.filter((word) => /^(services|packages|scripts)\//.test(word)),
    );
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it("names only services and volumes that it has", () => {
    for (const [name, { depends_on = {}, volumes = [] }] of services) {
      for (const other of Object.keys(depends_on)) expect(compose.services[other], `${name} → ${other}`).toBeDefined();
      for (const volume of volumes) expect(Object.keys(compose.volumes), name).toContain(volume.split(":")[0]);
    }
  });

  it("shows nothing to other machines", () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it("has the servers of the tests where the harness looks for them", () => {
    for (const { service, address } of Object.values(COMPOSE_SERVERS)) {
      const ports = compose.services[service]?.ports?.map((port) => port.split(":").slice(0, 2).join(":"));
      expect(ports, service).toContain(address);
    }
    // Kafka's clients are told where it is by Kafka itself.
    const advertised = compose.services["kafka"]?.environment?.["KAFKA_ADVERTISED_LISTENERS"];
    expect(advertised).toContain(`//${COMPOSE_SERVERS["kafka"]?.address}`);
  });

  it("names every image by a release", () => {
    for (const [name, { image }] of services)
      if (image !== "millrace") expect(image, name).toMatch(/^[\w/]+:\d[\w.-]*$/);
  });
});
