import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../step.ts";
import { CLUSTER } from "./releases.ts";
import { answerOf, run } from "./run.ts";

/** An image that the cluster has. */
export type Image = { readonly repository: string; readonly tag: string };

/**
 * Builds the image and gives it to the cluster's nodes. Its tag says what is in it: a changed image replaces the pods, and the
 * same one replaces none.
 */
export function buildImage({ docker, kind }: { readonly docker: string; readonly kind: string }): Image {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const revision = answerOf("git", ["rev-parse", "HEAD"]);
  const ofRevision = revision === undefined ? [] : ["--build-arg", `MILLRACE_REVISION=${revision}`];
  run(docker, ["build", "--tag", `millrace:${version}`, ...ofRevision, "."]);
  const id = answerOf(docker, ["image", "inspect", "--format", "{{.Id}}", `millrace:${version}`]);
  const digits = /^sha256:([0-9a-f]{12})/.exec(id ?? "")?.[1];
  if (digits === undefined) throw new Error(`docker has no image millrace:${version} after it built one`);
  const image = { repository: "millrace", tag: `${version}-${digits}` };
  const name = `${image.repository}:${image.tag}`;
  run(docker, ["tag", `millrace:${version}`, name]);
  run(kind, ["load", "docker-image", name, "--name", CLUSTER]);
  return image;
}
