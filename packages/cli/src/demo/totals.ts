import { grouped } from "../output/number-text.ts";
import type { DemoEvent } from "./visit.ts";

/** What was made of a demo's traffic. */
export class Totals {
  events = 0;
  pageViews = 0;
  visits = 0;
  signups = 0;
  orders = 0;
  revenue = 0;

  add(event: DemoEvent): void {
    this.events += 1;
    if (event.isFirst) this.visits += 1;
    switch (event.name) {
      case "page_view":
        this.pageViews += 1;
        return;
      case "signup":
        this.signups += 1;
        return;
      case "order":
        this.orders += 1;
        this.revenue += Number(event.properties["revenue"]);
    }
  }

  /** In words, without the number of events. */
  get text(): string {
    const parts = [counted(this.pageViews, "page view"), counted(this.visits, "new visit")];
    if (this.signups > 0) parts.push(counted(this.signups, "signup"));
    if (this.orders > 0) parts.push(`${counted(this.orders, "order")} over ${grouped(this.revenue)} EUR`);
    return parts.join(", ");
  }
}

/** 1 order, 2 orders. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
