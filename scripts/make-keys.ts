/**
 * Makes the keys of an installation, once: the one that services know each other by, the administrator's, and a credentials
 * file for the command line. What is there stays: `node scripts/make-keys.ts DIRECTORY`. MILLRACE_URL is written into the
 * credentials file.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CREDENTIALS_FILE, createApiKey, writeCredentials } from "../packages/credential/src/index.ts";

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: node scripts/make-keys.ts DIRECTORY");
mkdirSync(directory, { recursive: true, mode: 0o700 });
keep("service-key", () => `mlr_service_${randomBytes(32).toString("hex")}`);
const adminKey = keep("admin-key", () => createApiKey(randomBytes).text);
const credentials = join(directory, CREDENTIALS_FILE);
const url = process.env["MILLRACE_URL"] ?? "http://127.0.0.1:8080";
if (!existsSync(credentials)) writeCredentials(credentials, { url, adminKey, projectKeys: {} });

/** What a file holds; made, whole or not at all, where it is missing. */
function keep(name: string, make: () => string): string {
  const path = join(directory!, name);
  if (!existsSync(path)) {
    writeFileSync(`${path}.next`, make(), { mode: 0o600 });
    renameSync(`${path}.next`, path);
  }
  return readFileSync(path, "utf8");
}
