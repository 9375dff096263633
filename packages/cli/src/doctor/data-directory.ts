import { constants } from "node:fs";
import { access, readdir, stat, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CREDENTIALS_FILE } from "@millrace/credential";
import { type Check, ok, problem, warning } from "./check.ts";

const NAME = "data";
const FREE_WARN_BYTES = 2 * 1024 ** 3;
const FREE_FAIL_BYTES = 200 * 1024 ** 2;
const FILES_MAX = 50_000;
const OTHERS = 0o077;

/** Looks at the directory that a local server keeps everything in: whether it can be used, by whom, and how full it is. */
export async function checkDataDirectory(directory: string): Promise<readonly Check[]> {
  const path = resolve(directory);
  let mode: number;
  try {
    const found = await stat(path);
    if (!found.isDirectory()) {
      return [problem(NAME, `${path} is not a directory`, "Say with MILLRACE_DATA_DIR where the data are to lie.")];
    }
    ({ mode } = found);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [ok(NAME, `${path} does not exist yet: the first start makes it`)];
    return [accessProblem(path, { code: code ?? String(error) })];
  }
  const checks = [await spaceCheck(path)];
  if ((mode & OTHERS) !== 0) {
    checks.push(warning(NAME, `others may look into ${path} (mode ${octal(mode)})`, `chmod 700 ${path}`));
  }
  checks.push(...(await credentialsCheck(join(path, CREDENTIALS_FILE))));
  return checks;
}

/** What it means that a directory can not be used. */
export function accessProblem(path: string, { code }: { readonly code: string }): Check {
  return problem(NAME, `${path} can not be used (${code})`, "It must belong to the user who runs the server: chown -R");
}

/** What the free space of a disk means. */
export function freeSpace(path: string, sizeText: string, freeBytes: number): Check {
  const text = `${path}: ${sizeText}, ${bytesText(freeBytes)} free`;
  if (freeBytes < FREE_FAIL_BYTES)
    return problem(NAME, text, "The disk is full: make room, or the server stops taking events.");
  if (freeBytes < FREE_WARN_BYTES) return warning(NAME, text, "Make room before the disk is full.");
  return ok(NAME, text);
}

async function spaceCheck(path: string): Promise<Check> {
  const { bavail, bsize } = await statfs(path);
  return freeSpace(path, await sizeText(path), bavail * bsize);
}

async function credentialsCheck(path: string): Promise<readonly Check[]> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) === 0) return [];
    const text = `others may read the keys in ${path} (mode ${octal(mode)})`;
    return [problem(NAME, text, `chmod 600 ${path}, and make new keys if others use this computer.`)];
  } catch {
    return [];
  }
}

async function sizeText(directory: string): Promise<string> {
  let bytes = 0;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.slice(0, FILES_MAX)) {
    if (!entry.isFile()) continue;
    // A file may go while it is looked at.
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return `${entries.length > FILES_MAX ? "more than " : ""}${bytesText(bytes)}`;
}

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
