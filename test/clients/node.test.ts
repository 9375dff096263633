/** What is published of the client works where its users are: in every Node from 20 on, and for their compiler. */
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { CHECKOUT, environment, startMillrace } from "@millrace/harness";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installClient } from "./src/installed-client.ts";
import { NODE_MAJORS, nodeProgram } from "./src/tools.ts";

const INSTALLED_WITHIN_MS = 600_000;
const RUN_MS_MAX = 60_000;
const PROGRAM = join(import.meta.dirname, "src/visits.ts");

const execute = promisify(execFile);

describe("the client that is published", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await installClient();
    copyFileSync(PROGRAM, join(folder, "visits.ts"));
    writeFileSync(join(folder, "visits.js"), stripTypeScriptTypes(readFileSync(PROGRAM, "utf8")));
  }, INSTALLED_WITHIN_MS);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(NODE_MAJORS)("sends, asks and watches in Node %i", { timeout: INSTALLED_WITHIN_MS }, async (major) => {
    const node = await nodeProgram(major);
    const millrace = await startMillrace();
    await millrace.client(ProjectService).createProject({ project: { projectId: "site", template: Template.WEB } });
    const apiKey = { projectId: "site", displayName: "site", scopes: [Scope.INGEST, Scope.REPORT] };
    const { text: key } = await millrace.client(ApiKeyService).createApiKey({ apiKey });
    const env = environment({ URL: millrace.url, KEY: key });
    const version = await execute(node, ["--version"]);
    expect(version.stdout).toMatch(new RegExp(`^v${major}\\.`));
    const { stdout } = await execute(node, ["visits.js"], { cwd: folder, env, timeout: RUN_MS_MAX });
    expect(JSON.parse(stdout)).toEqual({
      "grpc pending": 0,
      "grpc accepted": 1_000,
      "fetch pending": 0,
      "fetch accepted": 1_000,
      watched: 2_000,
      "views of /grpc": 1_000,
      "visitors of /grpc": 1,
      "views of /fetch": 1_000,
      "visitors of /fetch": 1,
    });
  });

  it("has declarations that a strict compiler takes, in a program for Node and in one for browsers", async () => {
    const tsc = join(CHECKOUT, "node_modules/.bin/tsc");
    const typeRoots = [join(CHECKOUT, "node_modules/@types")];
    const strict = { strict: true, noEmit: true, skipLibCheck: false, target: "es2022", module: "nodenext", typeRoots };
    const programs = {
      node: { ...strict, types: ["node"] },
      browser: { ...strict, module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: ["node"] },
    };
    for (const [name, compilerOptions] of Object.entries(programs)) {
      const project = join(folder, `tsconfig.${name}.json`);
      writeFileSync(project, JSON.stringify({ compilerOptions, files: ["visits.ts"] }));
      const compiled = await execute(tsc, ["-p", project], { cwd: folder }).catch((error) => error);
      expect(compiled.stdout).toBe("");
    }
  });
});
