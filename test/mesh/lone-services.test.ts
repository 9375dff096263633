/** Somebody starts a service by itself, and was told nothing of what it needs. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT, Child, environment } from "@millrace/harness";
import { until } from "@millrace/harness/until";
import { expect, it } from "vitest";

function start(service: string, args: readonly string[], settings: Readonly<Record<string, string>> = {}): Child {
  const main = join(CHECKOUT, `services/${service}/src/main.ts`);
  return new Child(main, args, { cwd: tmpdir(), env: environment(settings) });
}

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  ingest: ["MILLRACE_KAFKA_BROKERS", "MILLRACE_CLAIMS_URL", "MILLRACE_CACHE_URL", "MILLRACE_CONFIG_URL"],
  processing: ["MILLRACE_KAFKA_BROKERS", "MILLRACE_CASSANDRA_CONTACT_POINTS", "MILLRACE_CLAIMS_URL"],
  config: ["MILLRACE_CASSANDRA_CONTACT_POINTS", "MILLRACE_CASSANDRA_DATA_CENTER"],
  reporting: ["MILLRACE_CASSANDRA_CONTACT_POINTS", "MILLRACE_CACHE_URL", "MILLRACE_CONFIG_URL"],
  dashboard: ["MILLRACE_CASSANDRA_CONTACT_POINTS", "MILLRACE_INGEST_URL", "MILLRACE_REPORTING_URL"],
};

it.each(Object.entries(NEEDED))(
  "%s without servers refuses to start, says which variables to set, and what to run instead",
  async (service, names) => {
    const child = start(service, []);
    expect(await child.exit).toMatchObject({ code: 1 });
    for (const name of [...names, "MILLRACE_SERVICE_KEY"])
      expect(child.stderr).toContain(`${name}: is not set; it must be`);
    expect(child.stderr).toContain("npm start");
  },
);

it("a service with a key that could be guessed refuses it, and does not print it", async () => {
  const child = start("config", [], { MILLRACE_SERVICE_KEY: "hunter2-hunter2" });
  expect(await child.exit).toMatchObject({ code: 1 });
  expect(child.stderr).toContain("MILLRACE_SERVICE_KEY: its value is not allowed");
  expect(child.stderr + child.stdout).not.toContain("hunter2");
});

it("a service whose certificate can not be read says so before it looks for its servers", async () => {
  const child = start("config", [], {
    MILLRACE_SERVICE_KEY: `mlr_service_${"0".repeat(48)}`,
    MILLRACE_CASSANDRA_CONTACT_POINTS: "127.0.0.1:1",
    MILLRACE_CASSANDRA_DATA_CENTER: "datacenter1",
    MILLRACE_TLS_CERTIFICATE_FILE: "/nowhere/tls.crt",
    MILLRACE_TLS_KEY_FILE: "/nowhere/tls.key",
  });
  expect(await child.exit).toMatchObject({ code: 1 });
  // What it wrote may arrive after the news of its end.
  const why = 'MILLRACE_TLS_CERTIFICATE_FILE: names "/nowhere/tls.crt", which can not be read\n';
  await expect.poll(() => child.stderr).toBe(why);
});

it("a service says by --help what it can be told, and starts nothing", async () => {
  const child = start("ingest", ["--help"]);
  expect(await child.exit).toMatchObject({ code: 0 });
  expect(child.stdout).toMatch(/MILLRACE_KAFKA_BROKERS {2}\(required\)/);
  expect(child.stdout).toContain("Usage: npm run ingest");
});

it("a service that waits for its servers ends with 0 when it is told to", async () => {
  const child = start("config", [], {
    MILLRACE_SERVICE_KEY: `mlr_service_${"0".repeat(48)}`,
    MILLRACE_CASSANDRA_CONTACT_POINTS: "127.0.0.1:1",
    MILLRACE_CASSANDRA_DATA_CENTER: "datacenter1",
  });
  await until("it waits", () => child.stdout.includes("waiting: "));
  child.kill("SIGTERM");
  expect(await child.exit).toEqual({ code: 0, signal: null });
});
