import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { all, equals, metric, rollup } from "./built-in.ts";

const isPageView = equals("name", "page_view");
const byPeople = all(isPageView, equals("bot", false));
const byBots = all(isPageView, equals("bot", true));

/** A web site: events "page_view". Bots are counted apart. */
export const WEB_METRICS = [
  metric(1, "page_views", Aggregation.COUNT, { filter: byPeople, description: "Pages viewed, bots left out." }),
  metric(2, "visitors", Aggregation.UNIQUE, {
    property: "visitor",
    filter: byPeople,
    description: "Different users or, where nobody is signed in, devices that viewed a page; bots left out.",
  }),
  metric(3, "bot_views", Aggregation.COUNT, { filter: byBots, description: "Pages viewed by bots." }),
];

const SEEN = ["page_views", "visitors"];

/** What is kept ready of a web site. The limits on tuples let one block hold all of it. */
export const WEB_ROLLUPS = [
  rollup(1, "totals", [...SEEN, "bot_views"], [], { description: "The whole site." }),
  rollup(2, "pages", SEEN, ["page"], { maxTuples: 256, description: "By page: the path of the URL." }),
  rollup(3, "referrers", SEEN, ["referrer"], { maxTuples: 96, description: "By the referring page." }),
  rollup(4, "sources", SEEN, ["referrer_source"], { maxTuples: 48, description: "By where visitors came from." }),
  rollup(5, "campaigns", SEEN, ["utm_source", "utm_medium", "utm_campaign"], {
    maxTuples: 48,
    description: "By campaign, as the utm parameters of the URL name it.",
  }),
  rollup(6, "browsers", SEEN, ["browser"], { maxTuples: 32, description: "By browser." }),
  rollup(7, "systems", SEEN, ["os"], { maxTuples: 24, description: "By operating system." }),
  rollup(8, "devices", SEEN, ["device"], { maxTuples: 8, description: "By kind of device." }),
];
