import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel as GrafanaPanel,
  type Threshold as GrafanaThreshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { runbookUrl } from "../runbooks.ts";
import type { Place } from "./layout.ts";
import { type Panel, type Threshold, UNITS } from "./panel.ts";

/** Whom panels ask: what is chosen at the top of the dashboard. */
export const DATA_SOURCE = { type: "prometheus", uid: "$datasource" };

/** The panel in Grafana's words. `id` is unique in its dashboard. */
export function renderPanel(panel: Panel, id: number, place: Place): Builder<GrafanaPanel> {
  const builder = drawn(panel)
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .gridPos(place)
    .unit(UNITS[panel.unit])
    .thresholds(thresholds(panel.threshold))
    .links((panel.alerts ?? []).map(runbookLink));
  panel.queries.forEach((query, index) => {
    const target = new DataqueryBuilder()
      .refId(String.fromCharCode("A".charCodeAt(0) + index))
      .datasource(DATA_SOURCE)
      .expr(query.expr)
      .legendFormat(query.legend)
      .range();
    builder.withTarget(panel.kind === "heatmap" ? target.format(PromQueryFormat.Heatmap) : target);
  });
  return builder;
}

function drawn(panel: Panel): StatBuilder | TimeseriesBuilder | HeatmapBuilder {
  switch (panel.kind) {
    case "number":
      return number(panel);
    case "heatmap":
      return heatmap(panel);
    case "lines":
    case "areas":
      return lines(panel);
  }
}

function number(panel: Panel): StatBuilder {
  return new StatBuilder()
    .noValue("–")
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .graphMode(BigValueGraphMode.Area)
    .colorMode(panel.threshold === undefined ? BigValueColorMode.Value : BigValueColorMode.Background);
}

function lines(panel: Panel): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .lineWidth(1)
    .fillOpacity(panel.kind === "areas" ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (!panel.isSigned) builder.min(0);
  if (panel.kind === "areas") builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (panel.max !== undefined) builder.axisSoftMax(panel.max);
  if (panel.threshold !== undefined) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

function heatmap(panel: Panel): HeatmapBuilder {
  return new HeatmapBuilder()
    .yAxis(new YAxisConfigBuilder().unit(UNITS[panel.unit]))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme("Oranges").steps(64))
    .hideLegend();
}

function thresholds(threshold: Threshold | undefined): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(threshold));
}

/** Grafana reads steps upwards, the first from minus infinity. */
function steps(threshold: Threshold | undefined): GrafanaThreshold[] {
  if (threshold === undefined) return [{ value: null, color: "green" }];
  const { warning, critical, below = false } = threshold;
  if (below) {
    const yellow = warning === undefined ? [] : [{ value: critical, color: "yellow" }];
    return [{ value: null, color: "red" }, ...yellow, { value: warning ?? critical, color: "green" }];
  }
  const yellow = warning === undefined ? [] : [{ value: warning, color: "yellow" }];
  return [{ value: null, color: "green" }, ...yellow, { value: critical, color: "red" }];
}

function runbookLink(alert: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`What to do: ${alert}`)
    .type(DashboardLinkType.Link)
    .url(runbookUrl(alert))
    .targetBlank(true);
}
