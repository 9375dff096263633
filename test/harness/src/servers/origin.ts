/** What this machine has for a kind of server. */
export type MachineFacts = {
  /** The programs that it is made of, jars included. */
  readonly isThere: boolean;
  /** Whether what is missing may be installed: by root, from Debian's packages. */
  readonly mayInstall: boolean;
  /** Whether `docker compose` answers, and its engine. */
  readonly hasDocker: boolean;
};

/**
 * Where a server of the tests comes from that no address was given for: programs of this machine (`own`), which are installed
 * where that may be, or else the servers of compose.yaml. With neither it is `own` too, which fails with the line to type.
 */
export function originOf({ isThere, mayInstall, hasDocker }: MachineFacts): "own" | "compose" {
  return isThere || mayInstall || !hasDocker ? "own" : "compose";
}
