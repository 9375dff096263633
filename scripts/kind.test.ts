/** `npm run kind` with programs that only write down how they were called: no Docker is needed for that. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { freePorts } from "../test/harness/src/ports/index.ts";

const ROOT = join(import.meta.dirname, "..");

/** Stands for docker, kind, kubectl and helm: writes its call down, and answers as they would. */
const STAND_IN = `#!/bin/sh
me=\${0##*/}
echo "$me $*" >> "$STATE/calls"
case "$me $*" in
  "kind version") echo "kind \${KIND_VERSION:-v0.33.0} go1.26.0 linux/amd64" ;;
  "kind get clusters") if [ -e "$STATE/cluster" ]; then echo millrace; fi ;;
  "kind create cluster"*) : > "$STATE/cluster" ;;
  "kubectl "*"get nodes") [ ! -e "$STATE/stopped" ] ;;
  "kubectl "*"get secret millrace-keys") [ -e "$STATE/keys" ] ;;
  "kubectl "*"apply --filename -") while read -r line; do :; done ;;
  "kubectl "*"create --filename -") while read -r line; do echo "$line"; done > "$STATE/keys" ;;
  "docker version"*) [ ! -e "$STATE/no-engine" ] ;;
  "docker image inspect"*) echo sha256:0123456789abcdef ;;
  "helm test"*) [ ! -e "$STATE/failing" ] ;;
esac
`;

/** A configuration whose port nobody on this machine has. */
const CONFIG = `
nodes:
  - extraPortMappings: [{ containerPort: 30080, hostPort: PORT, listenAddress: 127.0.0.1 }]
`;

it("makes a cluster, gives it the image, installs both charts and tests them", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  const { status, output } = machine.run();
  expect(output).toContain(`MILLRACE_URL=http://127.0.0.1:${machine.port}\n`);
  expect(status).toBe(0);
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const place = "--kube-context kind-millrace --namespace millrace";
  expect(machine.changes()).toEqual([
    `kind create cluster --config ${machine.config} --wait 180s`,
    `docker build --tag millrace:${version} .`,
    `docker tag millrace:${version} millrace:${version}-0123456789ab`,
    `kind load docker-image millrace:${version}-0123456789ab --name millrace`,
    "kubectl --context kind-millrace apply --filename -",
    "kubectl --context kind-millrace --namespace millrace create --filename -",
    `helm upgrade --install millrace-dev charts/millrace-dev ${place} --wait --timeout 10m`,
    `helm upgrade --install millrace charts/millrace ${place} --values charts/millrace-dev/millrace-values.yaml ` +
      `--set image.repository=millrace --set-string image.tag=${version}-0123456789ab --wait --timeout 10m`,
    `helm test millrace ${place} --logs --timeout 6m`,
  ]);
});

it("keeps the cluster and its keys when it runs again, and shows no key", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  const first = machine.run();
  const keys = readFileSync(join(machine.state, "keys"), "utf8");
  expect(keys).toMatch(/service-key: mlr_service_[0-9a-f]{64}/);
  const second = machine.run();
  expect(second.status).toBe(0);
  expect(machine.changes().filter((call) => call.startsWith("kind create"))).toHaveLength(1);
  expect(readFileSync(join(machine.state, "keys"), "utf8")).toBe(keys);
  for (const { output } of [first, second]) expect(output).not.toContain("mlr_");
});

it("names everything that is missing, at once, before anything is made", async () => {
  const machine = await makeMachine("kubectl", "helm");
  const { status, output } = machine.run();
  expect(status).toBe(1);
  expect(output).toContain("docker is missing: https://");
  expect(output).toContain("kind is missing: https://");
  expect(output).not.toContain("    at ");
  expect(machine.changes()).toEqual([]);
});

it("says that Docker's engine does not answer, and that kind is too old", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  writeFileSync(join(machine.state, "no-engine"), "");
  const { status, output } = machine.run([], { KIND_VERSION: "v0.20.0" });
  expect(status).toBe(1);
  expect(output).toContain("engine does not answer");
  expect(output).toContain("kind v0.20 is too old");
  expect(machine.changes()).toEqual([]);
});

it("says which port is taken, before there is half a cluster", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  const server = createServer().listen(machine.port, "127.0.0.1");
  await once(server, "listening");
  const { status, output } = machine.run();
  server.close();
  expect(status).toBe(1);
  expect(output).toContain(`127.0.0.1:${machine.port} is taken`);
  expect(machine.changes()).toEqual([]);
});

it("says what to do with a cluster that does not answer", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  for (const fact of ["cluster", "stopped"]) writeFileSync(join(machine.state, fact), "");
  const { status, output } = machine.run();
  expect(status).toBe(1);
  expect(output).toContain("npm run kind -- --delete");
});

it("fails when the test of the release fails", async () => {
  const machine = await makeMachine("docker", "kind", "kubectl", "helm");
  for (const fact of ["cluster", "failing"]) writeFileSync(join(machine.state, fact), "");
  const { status, output } = machine.run();
  expect(status).toBe(1);
  expect(output).toContain("this failed: helm test millrace");
});

it("deletes the cluster, with kind alone", async () => {
  const machine = await makeMachine("kind");
  expect(machine.run(["--delete"]).status).toBe(0);
  expect(machine.changes()).toEqual(["kind delete cluster --name millrace"]);
});

it("makes keys in the cluster that skaffold deploys to", async () => {
  const machine = await makeMachine("kubectl");
  const { status } = machine.run(["--keys"], { SKAFFOLD_KUBE_CONTEXT: "somewhere" });
  expect(status).toBe(0);
  expect(machine.changes()).toEqual([
    "kubectl --context somewhere apply --filename -",
    "kubectl --context somewhere --namespace millrace create --filename -",
  ]);
});

/** A machine that has the given programs, and no others. */
async function makeMachine(...programs: string[]) {
  const state = mkdtempSync(join(tmpdir(), "millrace-kind-"));
  onTestFinished(() => rmSync(state, { recursive: true }));
  writeFileSync(join(state, "stand-in"), STAND_IN);
  chmodSync(join(state, "stand-in"), 0o755);
  for (const program of programs) symlinkSync("stand-in", join(state, program));
  const [port = 0] = await freePorts(1);
  const config = join(state, "kind-config.yaml");
  writeFileSync(config, CONFIG.replace("PORT", String(port)));
  return {
    state,
    port,
    config,
    run(options: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["scripts/kind.ts", "--config", config, ...options],
        {
          cwd: ROOT,
          encoding: "utf8",
          env: { PATH: state, STATE: state, HOME: state, ...env },
        },
      );
      return { status, output: stdout + stderr };
    },
    /** The calls that change something. */
    changes(): string[] {
      if (!existsSync(join(state, "calls"))) return [];
      const calls = readFileSync(join(state, "calls"), "utf8").trim().split("\n");
      return calls.filter((call) => !/version|get (clusters|nodes|secret)|image inspect|export kubeconfig/.test(call));
    },
  };
}
