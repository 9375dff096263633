import { Failure } from "@millrace/failure";
import { Connection } from "../connection.ts";
import { type GlobalOptions, isLocal } from "../context/target.ts";
import { checkAddress } from "./address.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import { checkClock } from "./clock.ts";
import { checkDataDirectory } from "./data-directory.ts";
import { type TriedKey, tryKey } from "./key.ts";
import { checkPage } from "./page.ts";
import { checkPort } from "./ports.ts";
import { checkProcessing } from "./processing.ts";

const NODE_MAJOR_MIN = 24;
const HTTP_PORT = 80;
const ADMIN_PORT = 9_090;
const ADMIN_HOST = "127.0.0.1";

/** What an examination is told. */
export type Patient = {
  readonly options: GlobalOptions;
  readonly environment: NodeJS.ProcessEnv;
  /** The release of the command line. */
  readonly version: string;
};

/** Looks at everything between this command line and a counted event, the nearest first. */
export async function* examine({ options, environment, version }: Patient): AsyncGenerator<Check> {
  yield nodeCheck(process.versions.node);
  const directory = environment["MILLRACE_DATA_DIR"] || ".millrace";
  let connection: Connection;
  try {
    connection = new Connection(options, environment);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield problem("settings", error.message, "Mend it; without it nobody knows where the server is.");
    yield* await checkDataDirectory(directory);
    return;
  }
  const { url, urlFrom } = connection.target;
  const answering = await checkAddress(url, urlFrom);
  yield* answering.checks;
  if (isLocal(url)) yield* await checkDataDirectory(directory);
  if (answering.listener !== "millrace") {
    if (isLocal(url)) yield* await portChecks(url, answering.listener, environment);
    return;
  }
  yield await checkPage(url);
  yield checkClock(answering.date);
  let best: TriedKey | undefined;
  let areAllBad = true;
  for (const key of connection.knownKeys) {
    const tried = await tryKey(connection, key);
    yield tried.check;
    areAllBad &&= tried.check.level === "problem";
    if (best === undefined && tried.scopes.includes("report")) best = tried;
  }
  if (connection.knownKeys.length === 0) {
    yield problem("key", "no key is known for this server", "Give one by --key, MILLRACE_KEY or millrace context add.");
  } else if (best === undefined) {
    if (areAllBad) return;
    yield warning("counting", "no key here may ask for its state", "Use a key with the scope report.");
  } else yield* await checkProcessing(connection, best.text, version);
}

/** Whether this Node can run Millrace. */
export function nodeCheck(version: string): Check {
  if (Number(version.split(".", 1)[0]) >= NODE_MAJOR_MIN) return ok("node", `Node ${version}`);
  return problem(
    "node",
    `Node ${version} is too old`,
    `Millrace needs Node ${NODE_MAJOR_MIN}, which npm ci brings: run npx millrace.`,
  );
}

/** Whether a server could start here. */
async function portChecks(
  url: string,
  listener: "nobody" | "another" | "unknown",
  environment: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  if (listener === "unknown") return [];
  const { hostname, port } = new URL(url);
  const number = Number(port) || HTTP_PORT;
  const checks = [await checkPort(hostname.replace(/^\[|\]$/g, ""), number, "MILLRACE_PORT")];
  const admin = Number(environment["MILLRACE_ADMIN_PORT"] || ADMIN_PORT);
  if (admin !== number && admin > 0) checks.push(await checkPort(ADMIN_HOST, admin, "MILLRACE_ADMIN_PORT"));
  return checks;
}
