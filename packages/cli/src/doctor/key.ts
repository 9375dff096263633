import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { parseApiKey } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { Connection, KnownKey } from "../connection.ts";
import { type Check, ok, problem } from "./check.ts";

/** A key that was tried. */
export type TriedKey = { readonly check: Check; readonly scopes: readonly string[]; readonly text: string };

const PATIENCE_MS = 3_000;
const REASONS: Readonly<Record<string, readonly [text: string, advice: string]>> = {
  CREDENTIAL_UNKNOWN: [
    "the server does not know it",
    "It is another server's, or its data were removed. Use a key of this one.",
  ],
  ORIGIN_NOT_ALLOWED: [
    "it is for web pages of certain origins",
    "Use a key for servers and tools: millrace key create",
  ],
  CREDENTIAL_REVOKED: ["it was revoked", "Make another: millrace key create --project ID"],
};

/** Asks the server what a key may do. */
export async function tryKey(connection: Connection, { label, text }: KnownKey): Promise<TriedKey> {
  const name = "key";
  let keyId: string;
  try {
    ({ keyId } = parseApiKey(text));
  } catch (error) {
    const why = error instanceof Failure ? error.message : String(error);
    return { check: problem(name, `${label}: ${why}`, "Copy the whole key again."), scopes: [], text };
  }
  const transport = connection.transport(text);
  const called = `${label} (${keyId})`;
  try {
    // No key of people has the scope SERVICE, and the refusal says which it has.
    await createClient(SnapshotService, transport).getCredential({ keyId }, { timeoutMs: PATIENCE_MS });
  } catch (error) {
    const info = error instanceof ConnectError ? error.findDetails(ErrorInfoSchema)[0] : undefined;
    const known = REASONS[info?.reason ?? ""];
    if (known !== undefined) return { check: problem(name, `${called}: ${known[0]}`, known[1]), scopes: [], text };
    if (info?.reason !== "SCOPE_MISSING") {
      const why = error instanceof ConnectError ? `${Code[error.code]}: ${error.rawMessage}` : String(error);
      return {
        check: problem(name, `${called}: it can not be tried (${why})`, "Try again in some seconds."),
        scopes: [],
        text,
      };
    }
    const scopes = (info.metadata["held"] ?? "").split(/,\s*/).filter((scope) => scope !== "");
    const project = scopes.includes("report") ? await projectOf(transport, connection.namedProject) : undefined;
    const whose = project === undefined ? "" : `, of ${project}`;
    return { check: ok(name, `${called}: good for ${scopes.join(", ")}${whose}`), scopes, text };
  }
  return { check: ok(name, `${called}: good`), scopes: [], text };
}

async function projectOf(
  transport: ReturnType<Connection["transport"]>,
  projectId: string,
): Promise<string | undefined> {
  try {
    const catalog = await createClient(ReportingService, transport).getCatalog({}, { timeoutMs: PATIENCE_MS });
    return `the project ${catalog.projectId}`;
  } catch (error) {
    const reason = error instanceof ConnectError ? error.findDetails(ErrorInfoSchema)[0]?.reason : undefined;
    return reason === "PROJECT_REQUIRED" ? "all projects" : projectId || undefined;
  }
}
