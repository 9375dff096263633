import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Project, Template } from "@millrace/api/millrace/config/v1/project_pb";
import { titleOf } from "../format/names.ts";
import { askableNames, type Catalog, isKept, unitOf } from "../question/catalog.ts";
import { isMeasured, type KeyNumber, plain, ratio } from "./key-number.ts";

/** One table: what is broken down, and by what. The first dimension is the one whose values are chosen by a click. */
export type Tab = {
  readonly title: string;
  readonly dimensions: readonly string[];
  /** A value of the first dimension that is none for a reader. */
  readonly without?: string;
};

/** What the overview of a project shows. */
export type Plan = {
  /** At least one, unless the project measures nothing. */
  readonly numbers: readonly KeyNumber[];
  /** Panels, each with one or more tabs. */
  readonly panels: readonly { readonly title: string; readonly tabs: readonly Tab[] }[];
  /** The metric that counts who is here now; absent where there is none. */
  readonly online: string | undefined;
};

const NUMBERS_MAX = 6;
const OWN_TABS = 4;

/** What matters about a project of its template; of what the template does not have, whatever its rollups keep. */
export function planFor(project: Project, catalog: Catalog): Plan {
  const plan = templatePlan(project.template, catalog);
  const numbers = plan.numbers.filter((number) => isMeasured(number, catalog));
  const metrics = catalog.metrics.map(({ name }) => name);
  const keeps = ({ dimensions }: Tab): boolean => metrics.some((metric) => isKept(catalog, metric, dimensions));
  const panels = plan.panels
    .map(({ title, tabs }) => ({ title, tabs: tabs.filter(keeps) }))
    .filter(({ tabs }) => tabs.length > 0);
  return {
    numbers: numbers.length > 0 ? numbers.slice(0, NUMBERS_MAX) : ownNumbers(catalog),
    panels: [...panels, ...ownPanels(catalog, panels)],
    online: plan.online !== undefined && metrics.includes(plan.online) ? plan.online : undefined,
  };
}

/** The metric that a table shows: the chosen number's where it is kept by the table's dimensions, else the next one that is. */
export function tableMetric(
  tab: Tab,
  chosen: KeyNumber,
  plan: Plan,
  catalog: Catalog,
  filtered: readonly string[],
): string {
  const dimensions = [...tab.dimensions, ...filtered];
  const wanted = [...chosen.needs, ...plan.numbers.flatMap(({ needs }) => needs), ...askableNames(catalog)];
  return (
    wanted.find((metric) => isKept(catalog, metric, dimensions)) ??
    // None is kept with the filters: asked for anyway, the server says what would keep it.
    wanted.find((metric) => isKept(catalog, metric, tab.dimensions)) ??
    wanted[0]!
  );
}

function templatePlan(template: Template, catalog: Catalog): Plan {
  switch (template) {
    case Template.WEB:
      return webPlan(catalog);
    case Template.SHOP:
      return shopPlan(catalog);
    case Template.SERVICE:
      return servicePlan(catalog);
    default:
      return { numbers: [], panels: [], online: undefined };
  }
}

function webPlan(catalog: Catalog): Plan {
  return {
    numbers: [
      plain("visitors", catalog),
      plain("page_views", catalog),
      plain("sessions", catalog),
      ratio("views_per_session", "page_views", "sessions", { unit: "", more: "good" }),
      plain("orders", catalog),
      plain("revenue", catalog),
    ],
    panels: [
      {
        title: "Sources",
        tabs: [
          // Going from page to page is no way to come to the site.
          { title: "Sources", dimensions: ["referrer_source"], without: "(internal)" },
          { title: "Referrers", dimensions: ["referrer"] },
          { title: "Campaigns", dimensions: ["utm_campaign", "utm_source", "utm_medium"] },
        ],
      },
      { title: "Pages", tabs: [{ title: "Pages", dimensions: ["page"] }] },
      { title: "Countries", tabs: [{ title: "Countries", dimensions: ["country"] }] },
      {
        title: "Devices",
        tabs: [
          { title: "Browsers", dimensions: ["browser"] },
          { title: "Systems", dimensions: ["os"] },
          { title: "Devices", dimensions: ["device"] },
        ],
      },
      { title: "Events", tabs: [{ title: "Events", dimensions: ["name"] }] },
    ],
    online: "visitors",
  };
}

function shopPlan(catalog: Catalog): Plan {
  return {
    numbers: [
      plain("revenue", catalog),
      plain("orders", catalog),
      ratio("order_value", "revenue", "orders", { unit: unitOf(catalog, "revenue"), more: "good" }),
      plain("items", catalog),
      plain("buyers", catalog),
    ],
    panels: [
      { title: "Products", tabs: [{ title: "Products", dimensions: ["product"] }] },
      { title: "Countries", tabs: [{ title: "Countries", dimensions: ["country"] }] },
    ],
    online: "buyers",
  };
}

function servicePlan(catalog: Catalog): Plan {
  return {
    numbers: [
      plain("requests", catalog, "neither"),
      plain("errors", catalog, "bad"),
      ratio("error_rate", "errors", "requests", { unit: "%", more: "bad" }),
      plain("latency.p50", catalog, "bad"),
      plain("latency.p95", catalog, "bad"),
    ],
    panels: [
      { title: "Services", tabs: [{ title: "Services", dimensions: ["service"] }] },
      { title: "Routes", tabs: [{ title: "Routes", dimensions: ["route", "service"] }] },
      { title: "Statuses", tabs: [{ title: "Statuses", dimensions: ["status"] }] },
    ],
    online: undefined,
  };
}

/** Of a project with metrics of its own: those that are kept as a whole, counts first. */
function ownNumbers(catalog: Catalog): readonly KeyNumber[] {
  const rank: readonly Aggregation[] = [Aggregation.COUNT, Aggregation.UNIQUE, Aggregation.SUM];
  const place = (name: string): number => {
    const found = rank.indexOf(catalog.metrics.find((metric) => metric.name === name)?.aggregation ?? 0);
    return found < 0 ? rank.length : found;
  };
  return askableNames(catalog)
    .filter((name) => !name.endsWith(".p99") && isKept(catalog, name, []))
    .toSorted((a, b) => place(a) - place(b))
    .slice(0, NUMBERS_MAX)
    .map((name) => plain(name, catalog, "neither"));
}

/** Panels for the rollups that no other panel shows, since what people added is worth a look; as few as hold their tabs. */
function ownPanels(catalog: Catalog, shown: Plan["panels"]): Plan["panels"] {
  const known = shown.flatMap(({ tabs }) => tabs.map(({ dimensions }) => dimensions));
  const seen = new Set(known.map((dimensions) => dimensions.toSorted().join(",")));
  const single = new Set(known.flat());
  const narrowFirst = catalog.rollups.toSorted((a, b) => a.dimensions.length - b.dimensions.length);
  const tabs = narrowFirst.flatMap(({ dimensions }): Tab[] => {
    const key = dimensions.toSorted().join(",");
    // A combination of what is shown already is there to be filtered by.
    if (dimensions.length === 0 || seen.has(key) || dimensions.every((one) => single.has(one))) return [];
    seen.add(key);
    for (const dimension of dimensions) single.add(dimension);
    return [{ title: dimensions.map(titleOf).join(" and "), dimensions }];
  });
  return Array.from({ length: Math.ceil(tabs.length / OWN_TABS) }, (_, place) => {
    const some = tabs.slice(place * OWN_TABS, (place + 1) * OWN_TABS);
    return { title: some.map(({ title }) => title).join(", "), tabs: some };
  });
}
