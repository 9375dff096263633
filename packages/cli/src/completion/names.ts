import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Connection } from "../connection.ts";
import { contextsPath, readContexts } from "../context/contexts-file.ts";
import type { Candidate, NameKind, TypedOptions } from "./complete.ts";

/** Nobody waits longer for a name than it takes to type it. */
const PATIENCE_MS = 500;
const NAMES_MAX = 1_000;
/** What a shell reads as one word, as all names are; anything else, from whatever server, is not put on a command line. */
const WORD = /^[\w.:/+-]+$/;

/** Names from the server and from this computer. Whatever goes wrong, there are none: a shell can not show errors here. */
export async function namesOf(kind: NameKind, typed: TypedOptions): Promise<readonly Candidate[]> {
  try {
    return (await found(kind, typed)).filter(({ value }) => WORD.test(value)).slice(0, NAMES_MAX);
  } catch {
    return [];
  }
}

async function found(kind: NameKind, typed: TypedOptions): Promise<readonly Candidate[]> {
  const calling = { timeoutMs: PATIENCE_MS };
  switch (kind) {
    case "zone":
      return Intl.supportedValuesOf("timeZone").map((value) => ({ value }));
    case "context": {
      const { contexts } = readContexts(contextsPath(process.env));
      return Object.entries(contexts).map(([value, { url }]) => ({ value, description: url }));
    }
    case "project":
      return projects(new Connection(typed), calling);
    case "key": {
      const connection = new Connection(typed);
      const request = { projectId: connection.namedProject, pageSize: NAMES_MAX };
      const { apiKeys } = await connection.client(ApiKeyService, "manage").listApiKeys(request, calling);
      return apiKeys.map(({ keyId, displayName }) => ({ value: keyId, description: displayName }));
    }
    case "dead letter": {
      const connection = new Connection(typed);
      const request = { projectId: connection.namedProject, pageSize: NAMES_MAX };
      const { deadLetters } = await connection.client(DeadLetterService, "ask").listDeadLetters(request, calling);
      return deadLetters.map(({ deadLetterId, problem }) => ({ value: deadLetterId, description: problem }));
    }
    case "metric":
    case "dimension":
    case "rollup":
      return ofCatalog(connectionTo(typed), kind, calling);
  }
}

/** Where several projects are known and none is named, the names of the first are better than none. */
function connectionTo(typed: TypedOptions): Connection {
  const connection = new Connection(typed);
  const [first] = connection.knownProjects;
  const isOpen = connection.target.project === undefined && connection.target.key === undefined;
  return isOpen && first !== undefined ? new Connection({ ...typed, project: first }) : connection;
}

async function ofCatalog(
  connection: Connection,
  kind: "metric" | "dimension" | "rollup",
  calling: { readonly timeoutMs: number },
): Promise<readonly Candidate[]> {
  const projectId = connection.project;
  const catalog = await connection.client(ReportingService, "ask").getCatalog({ projectId }, calling);
  switch (kind) {
    case "metric":
      return catalog.metrics.map(({ name, description }) => ({ value: name, description }));
    case "dimension":
      return catalog.dimensions.map(({ name }) => ({ value: name }));
    case "rollup":
      return catalog.rollups.map(({ name, dimensions }) => ({ value: name, description: dimensions.join(", ") }));
  }
}

async function projects(
  connection: Connection,
  calling: { readonly timeoutMs: number },
): Promise<readonly Candidate[]> {
  const known = connection.knownProjects.map((value) => ({ value }));
  try {
    const client = connection.client(ProjectService, "ask");
    const page = await client.listProjects({ pageSize: NAMES_MAX }, calling);
    return page.projects.map(({ projectId, displayName }) => ({ value: projectId, description: displayName }));
  } catch {
    // Those whose keys are kept here are known without the server.
    return known;
  }
}
