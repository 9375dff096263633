import type { Inspector } from "./page-visit.ts";

/** What a page's main thread did meanwhile: processor time, in milliseconds. */
export type PageWork = {
  /** Everything, painting included. */
  readonly tasks: number;
  readonly scripts: number;
  /** Styles and layout. */
  readonly layout: number;
};

/** Measures the main thread of a page while something happens. */
export async function workDuring(inspector: Inspector, happen: () => Promise<void>): Promise<PageWork> {
  await inspector.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await workSoFar(inspector);
  await happen();
  const after = await workSoFar(inspector);
  await inspector.send("Performance.disable");
  return {
    tasks: after.tasks - before.tasks,
    scripts: after.scripts - before.scripts,
    layout: after.layout - before.layout,
  };
}

async function workSoFar(inspector: Inspector): Promise<PageWork> {
  const { metrics } = await inspector.send("Performance.getMetrics");
  const seconds = new Map(metrics.map(({ name, value }) => [name, value]));
  const millis = (name: string): number => {
    const value = seconds.get(name);
    if (value === undefined) throw new Error(`the browser does not tell ${name}`);
    return value * 1_000;
  };
  return {
    tasks: millis("TaskDuration"),
    scripts: millis("ScriptDuration"),
    layout: millis("LayoutDuration") + millis("RecalcStyleDuration"),
  };
}
