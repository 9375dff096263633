/** `npm run kind`: Millrace on a cluster of its own on this machine, by kind. `npm run kind -- --help` says what it takes. */
import { parseArgs } from "node:util";
import { ensureCluster, prepareNamespace, shownPorts } from "./kind/cluster.ts";
import { buildImage } from "./kind/image.ts";
import { findPrograms } from "./kind/programs.ts";
import { CLUSTER, CONTEXT, installCharts, NAMESPACE, testRelease } from "./kind/releases.ts";
import { CommandFailed, run } from "./kind/run.ts";

/** The port of the nodes that charts/millrace-dev/millrace-values.yaml gives to the dashboard. */
const DASHBOARD_PORT = 30_080;

const HELP = `npm run kind [-- OPTION]

Makes the cluster of kind-config.yaml, builds the image and gives it to the cluster, installs charts/millrace-dev and charts/millrace,
and tests what was installed. Run it again after a change: what is there stays, and what changed is replaced.

  --config FILE  takes another configuration than kind-config.yaml, where there is no cluster yet
  --no-test      leaves the test out
  --keys         makes the namespace and its keys alone, in the cluster of skaffold where that calls, else of kind
  --delete       deletes the cluster, with everything in it
  --help         this
`;

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`\n${error instanceof CommandFailed ? "" : "npm run kind: "}${error.message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      delete: { type: "boolean", default: false },
      keys: { type: "boolean", default: false },
      config: { type: "string", default: "kind-config.yaml" },
      "no-test": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
  } else if (values.delete) {
    const { kind } = await findPrograms("kind");
    run(kind, ["delete", "cluster", "--name", CLUSTER]);
  } else if (values.keys) {
    const { kubectl } = await findPrograms("kubectl");
    prepareNamespace(kubectl, process.env["SKAFFOLD_KUBE_CONTEXT"] ?? CONTEXT);
  } else {
    await bringUp(values.config, !values["no-test"]);
  }
}

async function bringUp(config: string, isTested: boolean): Promise<void> {
  const programs = await findPrograms("docker", "kind", "kubectl", "helm");
  await ensureCluster(programs, config);
  const image = buildImage(programs);
  prepareNamespace(programs.kubectl, CONTEXT);
  installCharts(programs.helm, image);
  if (isTested) testRelease(programs.helm);
  const address = shownPorts(config).find(({ containerPort }) => containerPort === DASHBOARD_PORT);
  const url = `http://127.0.0.1:${address?.hostPort ?? DASHBOARD_PORT}`;
  process.stdout.write(`
Millrace runs at ${url}. What next:

  export MILLRACE_URL=${url}
  export MILLRACE_KEY=$(kubectl --context ${CONTEXT} --namespace ${NAMESPACE} get secret millrace-keys --output 'go-template={{index .data "admin-key" | base64decode}}')
  npx millrace project create shop --template shop
  npx millrace open

  npm run kind                after a change: builds, loads and upgrades
  skaffold dev                instead: copies each changed source into the pods
  npm run kind -- --delete    deletes all of it
`);
}
