export type { Finding, Level } from "./finding.ts";
export { migrate } from "./migrate.ts";
export { type MigrationRequest, TARGETS, type Target } from "./request.ts";
