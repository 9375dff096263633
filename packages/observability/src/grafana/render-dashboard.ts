import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { questionsIn } from "../promql.ts";
import { placePanels, WIDTH } from "./layout.ts";
import type { DashboardSource, Row } from "./panel.ts";
import { DATA_SOURCE, renderPanel } from "./render-panel.ts";
import { CHOSEN, variablesOf } from "./variables.ts";

/** All dashboards have it: by it they link to each other. */
const TAG = "millrace";
const REFRESH = "30s";

/** The dashboard as Grafana imports and provisions it. */
export function renderDashboard(source: DashboardSource): Dashboard {
  const builder = new DashboardBuilder(source.title)
    .uid(source.uid)
    .description(source.description)
    .tags([TAG])
    .timezone("browser")
    .refresh(REFRESH)
    .time({ from: "now-1h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables(variablesOf(source.service))
    .link(others())
    .annotation(restarts());
  let top = 0;
  let id = 1;
  for (const row of source.rows) {
    const { bottom, ids } = addRow(builder, row, top, id);
    top = bottom;
    id += ids;
  }
  return builder.build();
}

function addRow(builder: DashboardBuilder, row: Row, top: number, id: number): { bottom: number; ids: number } {
  const { places, bottom } = placePanels(row.panels, top + 1);
  const panels = row.panels.map((panel, index) => renderPanel(panel, id + 1 + index, places[index]!));
  const heading = new RowBuilder(row.title).id(id).gridPos({ x: 0, y: top, w: WIDTH, h: 1 });
  if (row.isClosed) {
    for (const panel of panels) heading.withPanel(panel);
    builder.withRow(heading.collapsed(true));
    return { bottom: top + 1, ids: panels.length + 1 };
  }
  builder.withRow(heading);
  for (const panel of panels) builder.withPanel(panel);
  return { bottom, ids: panels.length + 1 };
}

function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Millrace")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true);
}

/** Marks where a process began: what is seen beside it is often its effect. */
function restarts(): AnnotationQueryBuilder {
  const { gauge } = questionsIn(CHOSEN);
  return new AnnotationQueryBuilder()
    .name("Starts of processes")
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor("blue")
    .expr(`resets(${gauge("process.uptime")}[2m]) > 0`)
    .step("1m")
    .titleFormat("{{service_name}} began")
    .textFormat("{{instance}}")
    .useValueForTime(false);
}
