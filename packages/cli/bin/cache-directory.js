import { mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

const WRITABLE_BY_OTHERS = 0o022;

/**
 * The folder of the command line's own caches, made when it is missing: `$XDG_CACHE_HOME/millrace`, else
 * `~/.cache/millrace`. What is cached is run, so the folder must be one that nobody but the user can write.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @param {number | undefined} userId absent on Windows, whose folders of users are their own
 * @returns {string | undefined} undefined where there is no such folder
 */
export function cacheDirectory(environment, userId) {
  try {
    const given = environment.XDG_CACHE_HOME ?? "";
    const home = environment.HOME ?? homedir();
    const base = isAbsolute(given) ? given : join(home, ".cache");
    // A home that does not exist is not to be made.
    statSync(isAbsolute(given) ? given : home);
    const directory = join(base, "millrace");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(directory);
    const isOwn = userId === undefined || (uid === userId && (mode & WRITABLE_BY_OTHERS) === 0);
    return isOwn ? directory : undefined;
  } catch {
    return undefined;
  }
}
