/** What Prometheus has scraped, a value each minute as promtool writes it, and which alerts fire then, with their labels. */
export type AlertCase = {
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** All that fire; "nothing else" is part of each case. */
  readonly fires: readonly string[];
};
