/** `npm run generate:metrics`: writes docs/metrics.md from what is declared. */
import { writeFileSync } from "node:fs";
import { metricsPage } from "@millrace/telemetry/metrics-page";

writeFileSync(new URL("../docs/metrics.md", import.meta.url), metricsPage());
