import { toJson } from "@bufbuild/protobuf";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type ApiKey, ApiKeySchema } from "@millrace/api/millrace/config/v1/api_key_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import { enumName } from "../enum-name.ts";
import { printTable } from "../output/table.ts";
import { utcText } from "../output/time-text.ts";
import { describe, everyItem } from "./listing.ts";
import { connectionOf, list, print, printJson } from "./options.ts";

const SCOPES: Readonly<Record<string, Scope>> = {
  ingest: Scope.INGEST,
  import: Scope.IMPORT,
  report: Scope.REPORT,
  admin: Scope.ADMIN,
};

const NOTES = `
Examples:
  millrace key create --project shop --scope ingest --name "the web site"
  millrace key list --project shop
  millrace key revoke 0ffK4kIuSsb
Scopes: ingest (send events of now), import (of any age), report (ask), admin (manage).`;

type Json = { readonly json?: boolean };
type CreateOptions = Json & { readonly scope?: readonly string[]; readonly name?: string };

/** `millrace key`. */
export function addKeyCommand(program: Command): void {
  const key = program
    .command("key")
    .description("API keys: what may send, ask and manage.")
    .addHelpText("after", NOTES);
  key
    .command("list")
    .description("List the keys: of --project, or all.")
    .option("--json", "print JSON")
    .action(async (options: Json, command: Command) => {
      const client = connectionOf(command).client(ApiKeyService, "manage");
      const projectId = command.optsWithGlobals<{ project?: string }>().project ?? "";
      const keys = await everyItem(async (pageToken) => {
        const page = await client.listApiKeys({ projectId, pageSize: 1_000, pageToken });
        return { items: page.apiKeys, next: page.nextPageToken };
      });
      if (options.json === true) return printJson(keys.map((each) => toJson(ApiKeySchema, each)));
      const columns = ["key", "project", "name", "scopes", "created", "revoked"].map((title) => ({ title }));
      const rows = keys.map((each) => [
        each.keyId,
        each.projectId || "(all)",
        each.displayName,
        scopesOf(each),
        utcText(each.createTime),
        utcText(each.revokeTime),
      ]);
      printTable(columns, rows, "There are no keys.");
    });
  key
    .command("get")
    .argument("<id>", "the key's id")
    .description("Show a key, without its secret.")
    .option("--json", "print JSON")
    .action(async (keyId: string, options: Json, command: Command) => {
      const response = await connectionOf(command).client(ApiKeyService, "manage").getApiKey({ keyId });
      show(response.apiKey!, options);
    });
  key
    .command("create")
    .description("Create a key for --project and show it, this once.")
    .option("--scope <scopes>", "what it may do, separated by commas (default: ingest,report)", list)
    .option("--name <text>", "what people call it")
    .option("--json", "print JSON")
    .addHelpText("after", NOTES)
    .action(async (options: CreateOptions, command: Command) => createKey(options, command));
  key
    .command("revoke")
    .argument("<id>", "the key's id")
    .description("End a key for ever.")
    .option("--json", "print JSON")
    .action(async (keyId: string, options: Json, command: Command) => {
      const response = await connectionOf(command).client(ApiKeyService, "manage").revokeApiKey({ keyId });
      if (options.json === true) return printJson(toJson(ApiKeySchema, response.apiKey!));
      print(`Key ${keyId} was revoked ${utcText(response.apiKey?.revokeTime)}.`);
    });
}

async function createKey(options: CreateOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
  const scopes = (options.scope ?? ["ingest", "report"]).map((name) => {
    const scope = SCOPES[name.toLowerCase()];
    if (scope !== undefined) return scope;
    throw Failure.invalidField("--scope", `"${name}" is none of ${Object.keys(SCOPES).join(", ")}`);
  });
  const apiKey = { projectId: connection.project, displayName: options.name ?? "", scopes };
  const { apiKey: created, text } = await connection.client(ApiKeyService, "manage").createApiKey({ apiKey });
  if (options.json === true) return printJson({ apiKey: toJson(ApiKeySchema, created!), text });
  show(created!, {});
  print(`\nThe key; it is not shown again:\n  ${text}`);
}

function show(key: ApiKey, options: Json): void {
  if (options.json === true) printJson(toJson(ApiKeySchema, key));
  else describeApiKey(key);
}

function describeApiKey(key: ApiKey): void {
  describe([
    ["key", key.keyId],
    ["project", key.projectId || "(all)"],
    ["name", key.displayName],
    ["scopes", scopesOf(key)],
    ["created", utcText(key.createTime)],
    ["revoked", utcText(key.revokeTime)],
  ]);
}

function scopesOf({ scopes }: ApiKey): string {
  return scopes.map((scope) => enumName(Scope, scope).toLowerCase()).join(", ");
}
