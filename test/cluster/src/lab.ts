import { join } from "node:path";
import { run } from "./run-program.ts";

/** A cluster that is made for the run, and how it is used. */
export type Lab = {
  readonly kubeconfig: string;
  /** An address of this machine that pods reach. */
  readonly host: string;
  /** The command line that loads an image, without the archive's path. */
  readonly load: readonly string[];
  readonly down: () => Promise<void>;
};

const UP_WITHIN_MS = 1_200_000;

/**
 * Brings a cluster up from a folder with `up.sh`, `down.sh` and `env.sh`, which sets KUBECONFIG_ADMIN, HOST_IP and, for
 * images, the socket of containerd in SOCK_DIR.
 */
export async function bringLabUp(folder: string): Promise<Lab> {
  const line = `. "${join(folder, "env.sh")}" && printf '%s\\n' "$KUBECONFIG_ADMIN" "$HOST_IP" "$SOCK_DIR"`;
  const [kubeconfig = "", host = "", socketFolder = ""] = (await run("bash", ["-c", line])).split("\n");
  await run(join(folder, "up.sh"), [], { withinMs: UP_WITHIN_MS });
  const load = ["ctr", "--address", join(socketFolder, "containerd.sock"), "--namespace", "k8s.io", "images", "import"];
  return { kubeconfig, host, load, down: async () => void (await run(join(folder, "down.sh"), [])) };
}
