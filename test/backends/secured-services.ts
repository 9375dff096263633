import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT, Child, environment, runCli } from "@millrace/harness";
import { makeAuthority } from "@millrace/harness/certificates";
import { lastingPorts } from "@millrace/harness/ports";
import { until } from "@millrace/harness/until";
import { onTestFinished } from "vitest";

type Settings = Readonly<Record<string, string>>;

/** Who must show a certificate: all but those whose callers come through a gateway, or are people. */
const CLIENTS = { config: "verified", processing: "verified", reporting: "verified", ingest: "any", dashboard: "any" };
const SERVICES = Object.keys(CLIENTS) as readonly (keyof typeof CLIENTS)[];
const READY_WITHIN_MS = 90_000;

/** An installation of one process of each service. */
export type SecuredServices = {
  /** Runs `millrace ...args` as the administrator, and gives what it wrote. Fails when it does. */
  readonly millrace: (...args: string[]) => Promise<string>;
  /** All that a service wrote. */
  readonly output: (service: keyof typeof CLIENTS) => string;
};

/** Prepares the servers that the settings name, and runs every service there, which know each other by certificates. */
export async function startSecuredServices(servers: Settings): Promise<SecuredServices> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-secured-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = await makeAuthority(folder, "services");
  const ports = await lastingPorts(2 * SERVICES.length);
  const url = (service: keyof typeof CLIENTS) => `https://127.0.0.1:${ports[SERVICES.indexOf(service)]}`;
  const adminKey = (await runIn(folder, ["key", "new"], {})).trim();
  await runIn(folder, ["migrate", "--replicas", "1", "--partitions", "4", "--allow", "replication-factor"], servers);
  const addresses = Object.fromEntries(
    SERVICES.filter((service) => service !== "dashboard").map((service) => [
      `MILLRACE_${service.toUpperCase()}_URL`,
      url(service),
    ]),
  );
  const everywhere = {
    ...servers,
    ...addresses,
    MILLRACE_SERVICE_KEY: `mlr_service_${randomBytes(24).toString("hex")}`,
  };
  const children = new Map<string, Child>();
  for (const [index, service] of SERVICES.entries()) {
    const { certificateFile, keyFile, caFile } = await authority.issue(service);
    const settings = {
      ...everywhere,
      ...(service === "config" && { MILLRACE_ADMIN_KEY: adminKey }),
      MILLRACE_PORT: `${ports[index]}`,
      MILLRACE_ADMIN_PORT: `${ports[SERVICES.length + index]}`,
      MILLRACE_TLS_CERTIFICATE_FILE: certificateFile,
      MILLRACE_TLS_KEY_FILE: keyFile,
      MILLRACE_TLS_CA_FILE: caFile,
      MILLRACE_TLS_CLIENTS: CLIENTS[service],
    };
    const main = join(CHECKOUT, `services/${service}/src/main.ts`);
    const child = new Child(main, [], { cwd: folder, env: environment(settings) });
    onTestFinished(() => child.kill("SIGKILL"));
    children.set(service, child);
  }
  await Promise.all(SERVICES.map((service, index) => ready(children.get(service)!, ports[SERVICES.length + index]!)));
  const { caFile } = authority;
  const person = { MILLRACE_URL: url("dashboard"), MILLRACE_KEY: adminKey, NODE_EXTRA_CA_CERTS: caFile };
  return {
    millrace: (...args) => runIn(folder, args, person),
    output: (service) => children.get(service)!.stdout,
  };
}

async function ready(child: Child, adminPort: number): Promise<void> {
  const isReady = async () => child.ended !== undefined || (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok;
  await until("a service is ready", isReady, { withinMs: READY_WITHIN_MS }).catch((error: Error) => {
    throw new Error(`${error.message}; it wrote:\n${child.stdout}`);
  });
  if (child.ended !== undefined) throw new Error(`a service ended:\n${child.stdout}${child.stderr}`);
}

async function runIn(cwd: string, args: readonly string[], settings: Settings): Promise<string> {
  const { stdout, stderr, exitCode } = await runCli(args, { cwd, env: environment(settings) });
  if (exitCode !== 0) throw new Error(`millrace ${args.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}
