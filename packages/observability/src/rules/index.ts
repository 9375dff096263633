import { BACKEND_ALERTS } from "./backend-alerts.ts";
import { INGEST_ALERTS } from "./ingest-alerts.ts";
import { OBJECTIVE_ALERTS } from "./objective-alerts.ts";
import { PROCESS_ALERTS } from "./process-alerts.ts";
import { PROCESSING_ALERTS } from "./processing-alerts.ts";
import { RECORDINGS } from "./recordings.ts";
import type { Alert, RuleGroup } from "./rule.ts";

/** Groups of recorded rules. */
export const RECORDING_GROUPS: readonly RuleGroup[] = [RECORDINGS];

/** Groups of alerts. */
export const ALERT_GROUPS: readonly RuleGroup[] = [
  OBJECTIVE_ALERTS,
  INGEST_ALERTS,
  PROCESSING_ALERTS,
  BACKEND_ALERTS,
  PROCESS_ALERTS,
];

/** All alerts, in the order of their groups. */
export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ rules }) => rules.filter((rule) => "name" in rule));
