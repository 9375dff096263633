import { VARIABLES as CONFIG } from "../../services/config/src/config.ts";
import { VARIABLES as DASHBOARD } from "../../services/dashboard/src/config.ts";
import { VARIABLES as INGEST } from "../../services/ingest/src/config.ts";
import { VARIABLES as PROCESSING } from "../../services/processing/src/config.ts";
import { VARIABLES as REPORTING } from "../../services/reporting/src/config.ts";
import { SET_BY_CHART, VALUES_OF_VARIABLES } from "./variable-values.ts";

/** What each service reads from its environment: the tables behind `--help`. */
export const TABLES = {
  ingest: INGEST,
  processing: PROCESSING,
  config: CONFIG,
  reporting: REPORTING,
  dashboard: DASHBOARD,
} as const;

const SERVICES = Object.entries(TABLES);

/** What depends on where this runs. */
const ON_TERMINALS: ReadonlySet<string> = new Set(["MILLRACE_LOG_PRETTY"]);

/** `docs/variables.md`: every variable of every service. */
export function variablesPage(): string {
  const all = new Map(SERVICES.flatMap(([, table]) => Object.values(table).map((each) => [each.name as string, each])));
  const lines = [...all].map(([name, variable]) => {
    const readers = SERVICES.filter(([, table]) => Object.values(table).some((each) => each.name === name));
    const services = readers.length === SERVICES.length ? "all" : readers.map(([service]) => service).join(", ");
    const fallback = ON_TERMINALS.has(name) ? "on a terminal" : fallbackOf(variable);
    const values = VALUES_OF_VARIABLES[name]?.map((value) => `\`${value}\``).join(", ") ?? SET_BY_CHART[name] ?? "";
    const secret = variable.secret ? " Secret." : "";
    const meaning = `${variable.doc} Must be ${variable.allowed}.${secret}`.replaceAll("|", "\\|");
    return `| \`${name}\` | ${services} | ${meaning} | ${fallback} | ${values} |`;
  });
  return `${HEAD}\n${lines.join("\n")}\n`;
}

/** What it is where it is not set. */
function fallbackOf({ required, fallbackText }: { readonly required: boolean; readonly fallbackText: string }): string {
  if (required) return "required";
  return fallbackText === "" ? "" : `\`${fallbackText}\``;
}

const HEAD = `# Every variable of every service

Made by \`npm run chart\` from the tables behind \`npm run SERVICE -- --help\`. Any variable may be given as a file, by its name with
\`_FILE\`; do so with secrets. The last column is the value of [the chart](../charts/millrace/README.md) that sets it; \`SERVICE\` is
the name of a service, or \`defaults\` for all.

| variable | services | is | unless set | by the chart |
|---|---|---|---|---|`;
