import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { all, equals, metric, not, rollup } from "./built-in.ts";

const isPageView = equals("name", "page_view");
const isPerson = equals("bot", false);
const byPeople = all(isPageView, isPerson);
const byBots = all(isPageView, equals("bot", true));
const isOrder = equals("name", "order");

/** A web site: events "page_view", and whatever else people do there. Bots are counted apart. */
export const WEB_METRICS = [
  metric(1, "page_views", Aggregation.COUNT, { filter: byPeople, description: "Pages viewed, bots left out." }),
  metric(2, "visitors", Aggregation.UNIQUE, {
    property: "visitor",
    filter: byPeople,
    description: "Different users or, where nobody is signed in, devices that viewed a page; bots left out.",
  }),
  metric(3, "bot_views", Aggregation.COUNT, { filter: byBots, description: "Pages viewed by bots." }),
  metric(4, "sessions", Aggregation.UNIQUE, {
    property: "session_id",
    filter: byPeople,
    description: "Different visits in which a page was viewed; bots left out.",
  }),
  metric(5, "events", Aggregation.COUNT, {
    filter: all(not(isPageView), isPerson),
    description: "What people did besides viewing pages, such as signing up or ordering.",
  }),
  metric(6, "orders", Aggregation.UNIQUE, {
    property: "order_id",
    filter: isOrder,
    description: 'Different orders: values of order_id in events "order".',
  }),
  metric(7, "revenue", Aggregation.SUM, {
    property: "revenue",
    filter: isOrder,
    description: 'What was sold for: the sum of revenue in events "order".',
  }),
];

const SEEN = ["page_views", "visitors"];
const SOLD = ["orders", "revenue"];

/** What is kept ready of a web site. The limits on tuples let one block hold all of it. */
export const WEB_ROLLUPS = [
  rollup(1, "totals", [...SEEN, "bot_views", "sessions", "events", ...SOLD], [], { description: "The whole site." }),
  rollup(2, "pages", SEEN, ["page"], { maxTuples: 256, description: "By page: the path of the URL." }),
  rollup(3, "referrers", SEEN, ["referrer"], { maxTuples: 96, description: "By the referring page." }),
  rollup(4, "sources", [...SEEN, "events", "revenue"], ["referrer_source"], {
    maxTuples: 48,
    description: "By where visitors came from.",
  }),
  rollup(5, "campaigns", SEEN, ["utm_source", "utm_medium", "utm_campaign"], {
    maxTuples: 48,
    description: "By campaign, as the utm parameters of the URL name it.",
  }),
  rollup(6, "browsers", SEEN, ["browser"], { maxTuples: 32, description: "By browser." }),
  rollup(7, "systems", SEEN, ["os"], { maxTuples: 24, description: "By operating system." }),
  rollup(8, "devices", SEEN, ["device"], { maxTuples: 8, description: "By kind of device." }),
  rollup(9, "event_names", ["events"], ["name"], {
    maxTuples: 48,
    description: "What people did, by the event's name.",
  }),
  rollup(10, "countries", SEEN, ["country"], {
    maxTuples: 28,
    description: "By the property country, where it is sent.",
  }),
];
