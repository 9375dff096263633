/**
 * The image of the project, built by its Dockerfile with Docker where that answers and with Debian's buildah where not, as an
 * archive that clusters can load.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { findBuildah } from "@millrace/harness/tools";
import { debianBase } from "./debian-base.ts";
import { attempt, run } from "./run-program.ts";

/** An image that was built. */
export type BuiltImage = {
  /** As repository:tag. */
  readonly name: string;
  /** The archive, as `docker save` writes it. */
  readonly archive: string;
};

const BUILT_WITHIN_MS = 1_200_000;

/**
 * Builds the image into an archive in a folder.
 *
 * @param base in place of the Dockerfile's NODE_IMAGE: an image, or "debian" for one that is made here of Debian's packages,
 *   where no registry can be reached
 */
export async function buildImage(folder: string, name: string, base?: string): Promise<BuiltImage> {
  const archive = join(folder, "millrace.tar");
  const fullName = `docker.io/library/${name}`;
  const revision = (await run("git", ["rev-parse", "HEAD"], { cwd: CHECKOUT })).trim();
  const isDockerHere = (await attempt("docker", ["version"]).catch(() => undefined))?.code === 0;
  const builder = isDockerHere && base !== "debian" ? "docker" : await findBuildah();
  const nodeImage = base === "debian" ? await debianBase(builder) : base;
  const args = [
    "build",
    ...(builder === "docker" ? [] : ["--isolation", "chroot", "--network", "host", "--layers"]),
    ...(nodeImage === undefined ? [] : ["--build-arg", `NODE_IMAGE=${nodeImage}`]),
    ...["--build-arg", `MILLRACE_REVISION=${revision}`, "--tag", fullName, "."],
  ];
  await run(builder, args, { cwd: CHECKOUT, withinMs: BUILT_WITHIN_MS });
  if (builder === "docker") await run("docker", ["save", "--output", archive, fullName]);
  else await run(builder, ["push", fullName, `docker-archive:${archive}:${fullName}`]);
  if (!existsSync(archive)) throw new Error(`${builder} wrote no ${archive}`);
  return { name, archive };
}
