import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "@millrace/failure";

/** The file's name in the data directory. */
export const CREDENTIALS_FILE = "credentials.json";

/** What the command line needs to reach a server: kept in the data directory, readable by its owner alone. */
export type Credentials = {
  /** The server's address, such as "http://127.0.0.1:8080". */
  readonly url: string;
  /** A key that may manage everything. Absent where only keys of projects are known. */
  readonly adminKey?: string | undefined;
  /** Keys of projects that may send and ask, by project id. */
  readonly projectKeys: Readonly<Record<string, string>>;
  /** Keys of projects that may import, by project id. */
  readonly importKeys?: Readonly<Record<string, string>> | undefined;
};

/**
 * Reads a credentials file; `undefined` where there is none.
 *
 * @throws Failure `corrupt` when it is not one
 */
export function readCredentials(path: string): Credentials | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Failure("precondition", "DATA_CORRUPT", `${path} can not be read`, { cause });
  }
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    throw new Failure("corrupt", "DATA_CORRUPT", `${path} is not a credentials file`, { cause });
  }
}

/** Writes a credentials file with mode 0600, whole or not at all. */
export function writeCredentials(path: string, credentials: Credentials): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.next`;
  writeFileSync(next, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600 });
  // A file left by an interrupted write keeps its mode otherwise.
  chmodSync(next, 0o600);
  renameSync(next, path);
}

function checked(value: unknown): Credentials {
  const { url, adminKey, projectKeys, importKeys } = value as Credentials;
  const isText = (each: unknown) => typeof each === "string";
  if (!isText(url) || typeof projectKeys !== "object" || !Object.values(projectKeys).every(isText)) {
    throw new Error("url or projectKeys are missing");
  }
  if (importKeys !== undefined && !Object.values(importKeys).every(isText)) throw new Error("importKeys are wrong");
  return { url, projectKeys, ...(isText(adminKey) && { adminKey }), ...(importKeys && { importKeys }) };
}
