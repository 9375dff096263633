import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DocumentedValue, documentedValues } from "./documented-values.ts";
import { SCHEMA } from "./schema.ts";
import type { Schema } from "./schema-nodes.ts";
import { variablesPage } from "./variables.ts";

const CHARTS = join(import.meta.dirname, "../../charts");
const SERVICES = /^(ingest|processing|config|reporting|dashboard)\./;
const [BEGIN, END] = ["<!-- values: made by `npm run chart` -->", "<!-- end of values -->"];

/** What is made of values.yaml, of the schema here and of the services' tables: path and content. */
export function madeFiles(): readonly { readonly path: string; readonly content: string }[] {
  const schema = `${JSON.stringify(schemaOf(valuesOf("millrace")), null, 2)}\n`;
  return [
    { path: join(CHARTS, "millrace/values.schema.json"), content: schema },
    { path: join(CHARTS, "../docs/variables.md"), content: variablesPage() },
    // The schema of millrace-dev, which is short, is written by hand.
    ...["millrace", "millrace-dev"].map((chart) => {
      const path = join(CHARTS, chart, "README.md");
      return { path, content: withTable(readFileSync(path, "utf8"), valuesOf(chart)) };
    }),
  ];
}

function valuesOf(chart: string): readonly DocumentedValue[] {
  return documentedValues(readFileSync(join(CHARTS, chart, "values.yaml"), "utf8"));
}

/** The schema with the comments of values.yaml; what a service says nothing of has the sentence of `defaults`. */
function schemaOf(values: readonly DocumentedValue[]): Schema {
  const comments = new Map(values.map(({ path, comment }) => [path, comment]));
  const commentOf = (path: string) => comments.get(path) || comments.get(path.replace(SERVICES, "defaults.")) || "";
  return described(SCHEMA, "", commentOf);
}

function described(schema: Schema, path: string, commentOf: (path: string) => string): Schema {
  const properties = schema["properties"] as Readonly<Record<string, Schema>> | undefined;
  const description = path === "" ? "" : commentOf(path);
  return {
    ...(description !== "" && { description }),
    ...schema,
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [
          name,
          described(each, path === "" ? name : `${path}.${name}`, commentOf),
        ]),
      ),
    }),
  };
}

function withTable(readme: string, values: readonly DocumentedValue[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md of the chart lacks ${BEGIN} and ${END}`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${tables(values)}\n${readme.slice(end)}`;
}

/** A section for each value at the top that holds others, and one for those that do not. */
function tables(values: readonly DocumentedValue[]): string {
  const names = [...new Set(values.map(({ path }) => path.split(".")[0]!))];
  const lone = values.filter(({ path, value }) => !path.includes(".") && value !== undefined);
  const sections = names.flatMap((name) => {
    const under = values.filter(({ path, value }) => path.startsWith(`${name}.`) && value !== undefined);
    if (under.length === 0) return [];
    const intro = values.find(({ path }) => path === name)?.comment ?? "";
    return [`### \`${name}\`\n\n${intro}\n\n${table(under, values)}`];
  });
  return [`### Of everything\n\n${table(lone, values)}`, ...sections].join("\n");
}

function table(rows: readonly DocumentedValue[], values: readonly DocumentedValue[]): string {
  const commentOf = (path: string) => values.find((value) => value.path === path)?.comment ?? "";
  const lines = rows.map(({ path, comment, value }) => {
    const meaning =
      comment || commentOf(path.replace(SERVICES, "defaults.")) || commentOf(path.replace(/\.[^.]+$/, ""));
    return `| \`${path}\` | ${meaning.replaceAll("|", "\\|")} | \`${value?.replaceAll("|", "\\|")}\` |`;
  });
  return `| value | is | unless set |\n|---|---|---|\n${lines.join("\n")}\n`;
}
