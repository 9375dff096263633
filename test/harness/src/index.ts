export { CHECKOUT, environment } from "./checkout.ts";
export { Child, type ChildOptions, type Exit } from "./child.ts";
export { type CliResult, runCli } from "./cli.ts";
export type { Keys, Protocol } from "./installation.ts";
export { launchMillrace, type Millrace, type MillraceOptions } from "./millrace.ts";
export { startMillrace } from "./start-millrace.ts";
export { type Patience, until } from "./until.ts";
