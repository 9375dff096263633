import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests start hundreds of processes, each of which would compile the same modules anew.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

/** What takes too long for `npm test`: `npm run test:long` runs it. */
const LONG = "**/*.long.test.ts";

/** Of those, what holds a speed against another one, and so must have the machine to itself. */
const MEASURED = "**/{isolation,overload,rebalance-storm}.long.test.ts";

/** Projects that only run by their names, so that `vitest run some/folder` takes no hour. */
const isLongAskedFor = process.argv.some((word) => word === "long*" || word === "--project=long*");

const longOnes = [
  // They mostly wait for what they disturb to come back.
  { name: "long", include: [`{packages,services,test}/${LONG}`], exclude: ["**/node_modules/**", MEASURED] },
  { name: "long-measured", include: [`test/${MEASURED}`], fileParallelism: false },
].map((one, groupOrder) => ({
  extends: true as const,
  test: { testTimeout: 1_200_000, hookTimeout: 180_000, sequence: { groupOrder }, ...one },
}));

/** Tests that ask nothing but what any installation can; the rest are about the one process, its port and its data. */
const ANY_INSTALLATION =
  "browser-keys,cli-live,client,client-browser,crash,explorer,first-contact,hostile-values,page,retail,tail,tracker,watch,web-log,wikipedia";

/** The end-to-end tests once more, on services as processes: `npm run test:mesh`. */
const onMesh = {
  extends: true as const,
  test: {
    name: "on-mesh",
    include: [`test/e2e/{${ANY_INSTALLATION}}.test.ts`],
    env: { MILLRACE_TEST_TARGET: "mesh" },
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
};
const isMeshAskedFor = process.argv.some((word) => word === "on-mesh" || word === "--project=on-mesh");

/** A Millrace in a cluster of Kubernetes: `npm run test:cluster`, which builds its image first. */
const cluster = {
  extends: true as const,
  test: {
    name: "cluster",
    include: ["test/cluster/**/*.test.ts"],
    // Twenty upgrades take ten minutes, and three times that on a busy machine.
    testTimeout: 2_400_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
};
const isClusterAskedFor = process.argv.some((word) => word === "cluster" || word === "--project=cluster");

export default defineConfig({
  test: {
    pool: "forks",
    // Tests measure no speed, but wait for real files and sockets: two at a time leave a small machine its breath.
    maxWorkers: 2,
    // A busy machine takes its time for what takes milliseconds otherwise.
    expect: { poll: { timeout: 10_000 } },
    // Real servers are started when a test first asks for one, and stopped when the run ends.
    globalSetup: "test/harness/src/servers/global-setup.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "{packages,services}/*/{src,test}/**/*.test.ts",
            "services/dashboard/web/**/*.test.ts",
            "scripts/**/*.test.ts",
          ],
          exclude: [LONG],
          // To load everything anew for each file takes as long as the tests do. What a test changes of the process it puts back.
          isolate: false,
          // What waits for servers leaves the processors idle for a third of the time.
          maxWorkers: 3,
          testTimeout: 20_000,
          // A hook may be the first to ask for a server, whose jars must be brought then.
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/**/*.test.ts"],
          exclude: ["test/clients/**", "test/cluster/**", LONG],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // They mostly wait for processes, and are patient: two at a time halve the wait. After the others, which are quick.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "clients",
          include: ["test/clients/*.test.ts"],
          testTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      ...(isLongAskedFor ? longOnes : []),
      ...(isMeshAskedFor ? [onMesh] : []),
      ...(isClusterAskedFor ? [cluster] : []),
    ],
  },
});
