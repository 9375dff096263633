// Runs before `npm start`, `npm test` and others: makes sure that the `node` which they find next is Node 24 or later.
// Plain JavaScript, since it is for versions of Node that cannot read TypeScript. Arguments, for its test alone: another
// root, and the version to be taken for this one.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(process.argv[2] ?? join(import.meta.dirname ?? "scripts", ".."));
const version = process.argv[3] ?? process.versions.node;

if (Number.parseInt(version, 10) < 24 && !linkInstalledNode()) {
  console.error(
    [
      `Millrace runs on Node 24 or later, and this is Node ${version} (${process.platform}-${process.arch}).`,
      "`npm ci` installs a Node 24 beside the other packages, which npm's scripts then use: run `npm ci` without",
      "`--omit=optional`, and start things through npm (`npm start`, `npm test`). Where there is no such package for this",
      "platform, install Node 24 yourself.",
    ].join("\n"),
  );
  process.exitCode = 1;
}

/**
 * Puts the Node that came with the packages where npm's scripts look first. npm does so itself, but many versions of it
 * take the link away again with the packages for other platforms, which all have a command of this name.
 */
function linkInstalledNode() {
  const system = process.platform === "win32" ? "win" : process.platform;
  const name = [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`].find((folder) =>
    existsSync(join(root, "node_modules", folder, "bin")),
  );
  if (name === undefined) return false;
  const file = process.platform === "win32" ? "node.exe" : "node";
  const program = join(root, "node_modules", name, "bin", file);
  const commands = join(root, "node_modules/.bin");
  try {
    mkdirSync(commands, { recursive: true });
    if (process.platform === "win32") {
      writeFileSync(join(commands, "node.cmd"), `@"%~dp0\\..\\${name}\\bin\\node.exe" %*\r\n`);
    } else if (!existsSync(join(commands, "node"))) {
      chmodSync(program, 0o755);
      symlinkSync(join("..", name, "bin", file), join(commands, "node"));
    }
  } catch {
    return false;
  }
  return spawnSync(program, ["--version"]).status === 0;
}
