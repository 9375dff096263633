export { createDashboardApp, type DashboardApp, type DashboardOptions } from "./app.ts";
