/** `npm run generate`: writes packages/api/src/gen from proto/. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gatherProtoImports } from "./proto-imports.ts";

gatherProtoImports();
execFileSync("buf", ["generate"], { cwd: join(import.meta.dirname, ".."), stdio: "inherit" });
