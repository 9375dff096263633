import type { DashboardSource } from "../grafana/panel.ts";
import { CONFIG } from "./config.ts";
import { DASHBOARD } from "./dashboard.ts";
import { INGEST } from "./ingest.ts";
import { OVERVIEW } from "./overview/overview.ts";
import { PROCESSING } from "./processing/processing.ts";
import { REPORTING } from "./reporting.ts";

/** All dashboards: the one for the whole first. */
export const DASHBOARDS: readonly DashboardSource[] = [OVERVIEW, INGEST, PROCESSING, CONFIG, REPORTING, DASHBOARD];
