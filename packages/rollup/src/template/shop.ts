import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { equals, metric, rollup } from "./built-in.ts";

const isOrder = equals("name", "order");

/**
 * A shop: an event "order" for each line of an order, with the properties order_id, product, quantity, revenue (of the
 * line) and country; the buyer is the event's user.
 */
export const SHOP_METRICS = [
  metric(1, "orders", Aggregation.UNIQUE, {
    property: "order_id",
    filter: isOrder,
    description: "Different orders: an order may have several lines.",
  }),
  metric(2, "revenue", Aggregation.SUM, { property: "revenue", filter: isOrder, description: "What was sold for." }),
  metric(3, "items", Aggregation.SUM, { property: "quantity", filter: isOrder, description: "How many items." }),
  metric(4, "buyers", Aggregation.UNIQUE, {
    property: "user_id",
    filter: isOrder,
    description: "Different users who ordered.",
  }),
  metric(5, "products", Aggregation.UNIQUE, {
    property: "product",
    filter: isOrder,
    description: "Different products ordered.",
  }),
];

const SOLD = ["orders", "revenue", "items", "buyers"];

/** What is kept ready of a shop. */
export const SHOP_ROLLUPS = [
  rollup(1, "totals", [...SOLD, "products"], [], { description: "The whole shop." }),
  rollup(2, "countries", [...SOLD, "products"], ["country"], { maxTuples: 128, description: "By country." }),
  rollup(3, "product_sales", SOLD, ["product"], { slots: 16, description: "By product." }),
];
