export { createReportingApp, type ReportingApp, type ReportingDeps } from "./app.ts";
export { DEFAULT_LIMITS, type ReportingLimits } from "./limits.ts";
