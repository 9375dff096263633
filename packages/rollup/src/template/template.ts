import { clone } from "@bufbuild/protobuf";
import { type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { SERVICE_METRICS, SERVICE_ROLLUPS } from "./service.ts";
import { SHOP_METRICS, SHOP_ROLLUPS } from "./shop.ts";
import { WEB_METRICS, WEB_ROLLUPS } from "./web.ts";

/** The first number that a project's own metrics and rollups may have: smaller ones are kept for templates. */
export const FIRST_OWN_NUMBER = 1_000;

/**
 * The metrics that a project of this template starts with: numbered, without project and creation time; the caller's to
 * change. The numbers of a released template never change, and are never used again.
 */
export function templateMetrics(template: Template): Metric[] {
  return metricsOf(template).map((metric) => clone(MetricSchema, metric));
}

/** The rollups that a project of this template starts with, like {@link templateMetrics}. */
export function templateRollups(template: Template): Rollup[] {
  return rollupsOf(template).map((rollup) => clone(RollupSchema, rollup));
}

function metricsOf(template: Template): readonly Metric[] {
  switch (template) {
    case Template.WEB:
      return WEB_METRICS;
    case Template.SERVICE:
      return SERVICE_METRICS;
    case Template.SHOP:
      return SHOP_METRICS;
    default:
      return [];
  }
}

function rollupsOf(template: Template): readonly Rollup[] {
  switch (template) {
    case Template.WEB:
      return WEB_ROLLUPS;
    case Template.SERVICE:
      return SERVICE_ROLLUPS;
    case Template.SHOP:
      return SHOP_ROLLUPS;
    default:
      return [];
  }
}
