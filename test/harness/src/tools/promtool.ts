import { globSync } from "node:fs";
import { join } from "node:path";
import { hasProgram, mayInstall } from "../servers/machine.ts";
import { bringBy, keptFolder } from "./kept-folder.ts";

/** Debian's package that has it. */
const PACKAGE = "prometheus";

/**
 * promtool, which tests Prometheus's rules: out of Debian's package, which is not installed. It would bring a Prometheus
 * that runs from the machine's next start on, at the port that Millrace's admin ports have.
 */
export async function bringPromtool(): Promise<string> {
  if (hasProgram("promtool")) return "promtool";
  const folder = await keptFolder("promtool-debian", async (target) => {
    try {
      await download(target);
    } catch (error) {
      // A machine that is new has no lists of packages yet.
      if (!mayInstall()) throw error;
      await bringBy("apt-get", ["update", "-qq"]);
      await download(target);
    }
    const archive = globSync(join(target, `${PACKAGE}_*.deb`))[0];
    if (archive === undefined) throw new Error(`apt-get brought no ${PACKAGE}`);
    await bringBy("dpkg-deb", ["--extract", archive, join(target, "package")]);
    await bringBy("cp", [join(target, "package/usr/bin/promtool"), target]);
    await bringBy("rm", ["-r", archive, join(target, "package")]);
  });
  return join(folder, "promtool");
}

/** As root, apt says that it could not give up its rights for it in a folder of root's, and goes on. */
function download(target: string): Promise<void> {
  return bringBy("apt-get", ["download", "-qq", PACKAGE], { cwd: target });
}
