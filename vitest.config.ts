import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    // Tests measure no speed, but wait for real files and sockets: two at a time leave a small machine its breath.
    maxWorkers: 2,
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
          exclude: ["test/clients/**"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Each starts processes of its own.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: { name: "clients", include: ["test/clients/*.test.ts"], testTimeout: 180_000, fileParallelism: false },
      },
    ],
  },
});
