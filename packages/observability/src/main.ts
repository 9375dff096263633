/** `npm run generate:observability`: writes the dashboards and rules that the chart brings. */
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

const root = join(import.meta.dirname, "../../..");
const files = generatedFiles();
for (const [path, text] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
for (const path of globSync("charts/millrace/files/{dashboards,rules}/*", { cwd: root })) {
  if (!files.has(path.replaceAll("\\", "/"))) rmSync(join(root, path));
}
