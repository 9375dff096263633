import { randomBytes } from "node:crypto";
import { toJson } from "@bufbuild/protobuf";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type ApiKey, ApiKeySchema } from "@millrace/api/millrace/config/v1/api_key_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { createApiKey } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import { enumName } from "../enum-name.ts";
import { nearest } from "../nearest.ts";
import { formatOf } from "../output/format.ts";
import { print } from "../output/print.ts";
import { printThing, printThings } from "../output/things.ts";
import { utcText } from "../output/time-text.ts";
import { everyItem } from "./listing.ts";
import { collect, connectionOf, list } from "./options.ts";

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
  millrace key create --account --scope admin --name "the operator's laptop"
  millrace key create --project shop --origin https://shop.example.org --name "the shop's pages"
Scopes: ingest (send events of now), import (of any age), report (ask), admin (manage). Without --scope a key of a project
has ingest and report, one with --origin has ingest (it may have no other), and one of the account has report and admin.`;

type CreateOptions = {
  readonly scope?: readonly string[];
  readonly account?: boolean;
  readonly origin?: readonly string[];
  readonly name?: string;
};

/** `millrace key`. */
export function addKeyCommand(program: Command): void {
  const key = program
    .command("key")
    .description("API keys: what may send, ask and manage.")
    .addHelpText("after", NOTES);
  key
    .command("new")
    .description("Make a key that no server knows yet, for MILLRACE_ADMIN_KEY; asks nobody.")
    .action(() => print(createApiKey(randomBytes).text));
  key
    .command("list")
    .description("List the keys: of --project, or all.")
    .option("--json", "short for --output json")
    .action(async (_: unknown, command: Command) => {
      const connection = connectionOf(command);
      const client = connection.client(ApiKeyService, "manage");
      const projectId = connection.namedProject;
      const keys = await everyItem(async (pageToken) => {
        const page = await client.listApiKeys({ projectId, pageSize: 1_000, pageToken });
        return { items: page.apiKeys, next: page.nextPageToken };
      });
      const columns = ["key", "project", "name", "scopes", "origins", "created", "revoked"].map((title) => ({ title }));
      const rows = keys.map((each) => [
        each.keyId,
        each.projectId || "(all)",
        each.displayName,
        scopesOf(each),
        each.allowedOrigins.join(" ") || "-",
        utcText(each.createTime),
        utcText(each.revokeTime),
      ]);
      printThings(formatOf(command), {
        columns,
        rows,
        none: "There are no keys.",
        documents: keys.map((each) => toJson(ApiKeySchema, each)),
      });
    });
  key
    .command("get")
    .argument("<id>", "the key's id")
    .description("Show a key, without its secret.")
    .option("--json", "short for --output json")
    .action(async (keyId: string, _: unknown, command: Command) => {
      const response = await connectionOf(command).client(ApiKeyService, "manage").getApiKey({ keyId });
      show(response.apiKey!, command);
    });
  key
    .command("create")
    .description("Create a key for --project, or for the account, and show it, this once.")
    .option("--scope <scopes>", "what it may do, separated by commas (default: see below)", list)
    .option("--account", "for all projects, also those to come; not to send events")
    .option("--origin <origin>", "for web pages of this origin alone; may be repeated", collect)
    .option("--name <text>", "what people call it")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (options: CreateOptions, command: Command) => createKey(options, command));
  key
    .command("revoke")
    .argument("<id>", "the key's id")
    .description("End a key for ever.")
    .option("--json", "short for --output json")
    .action(async (keyId: string, _: unknown, command: Command) => {
      const response = await connectionOf(command).client(ApiKeyService, "manage").revokeApiKey({ keyId });
      if (formatOf(command) !== "table") return show(response.apiKey!, command);
      print(`Key ${keyId} was revoked ${utcText(response.apiKey?.revokeTime)}.`);
    });
}

async function createKey(options: CreateOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
  const { account, origin = [], name = "" } = options;
  const usual = account === true ? ["report", "admin"] : origin.length > 0 ? ["ingest"] : ["ingest", "report"];
  const scopes = (options.scope ?? usual).map(scopeNamed);
  if (account === true && scopes.some((scope) => scope === Scope.INGEST || scope === Scope.IMPORT)) {
    throw Failure.invalidField("--account", "events go into a project by its own key: leave out ingest and import");
  }
  const projectId = account === true ? "" : connection.project;
  const response = await connection
    .client(ApiKeyService, "manage")
    .createApiKey({ apiKey: { projectId, displayName: name, scopes, allowedOrigins: [...origin] } });
  const { text } = response;
  const key = response.apiKey!;
  const format = formatOf(command);
  const document = { apiKey: toJson(ApiKeySchema, key), text };
  if (format !== "table") return printThing(format, { values: [...valuesOf(key), ["text", text]], document });
  show(key, command);
  print(`\nThe key; it is not shown again:\n  ${text}`);
}

function scopeNamed(name: string): Scope {
  const scope = SCOPES[name.toLowerCase()];
  if (scope !== undefined) return scope;
  const names = Object.keys(SCOPES);
  const meant = nearest(name, names);
  const question = meant === undefined ? "" : `; did you mean ${meant}?`;
  throw Failure.invalidField("--scope", `"${name}" is none of ${names.join(", ")}${question}`);
}

function show(key: ApiKey, command: Command): void {
  printThing(formatOf(command), { values: valuesOf(key), document: toJson(ApiKeySchema, key) });
}

function valuesOf(key: ApiKey): readonly (readonly [string, string])[] {
  return [
    ["key", key.keyId],
    ["project", key.projectId || "(all)"],
    ["name", key.displayName],
    ["scopes", scopesOf(key)],
    ["origins", key.allowedOrigins.join(" ")],
    ["created", utcText(key.createTime)],
    ["revoked", utcText(key.revokeTime)],
  ];
}

function scopesOf({ scopes }: ApiKey): string {
  return scopes.map((scope) => enumName(Scope, scope).toLowerCase()).join(", ");
}
