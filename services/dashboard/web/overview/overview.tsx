import { type ReactNode, useEffect, useMemo } from "react";
import { LastEvents } from "../live/last-events.tsx";
import { Online } from "../live/online.tsx";
import { Nothing } from "../panel/panel.tsx";
import { ProblemNote } from "../panel/problem-note.tsx";
import { Header } from "../project/header.tsx";
import { Toolbar } from "../project/toolbar.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { FirstEvent } from "../start/first-event.tsx";
import { useHasEvents } from "../start/use-has-events.ts";
import { DimensionPanel } from "./dimension-panel.tsx";
import { KeyNumbers } from "./key-numbers.tsx";
import { OverviewSkeleton } from "./overview-skeleton.tsx";
import { type Plan, planFor } from "./plan.ts";
import { SeriesPanel } from "./series-panel.tsx";
import { useNews } from "./use-news.ts";
import { useTotals } from "./use-totals.ts";
import "./overview.css";

/** One page with what matters about a project. */
export function Overview(): ReactNode {
  const { project, catalog } = useWorkspace();
  const plan = useMemo(() => planFor(project, catalog), [project, catalog]);
  const [hasEvents, onFound] = useHasEvents(plan);
  useEffect(() => {
    document.title = `${project.displayName || project.projectId} · Millrace`;
  }, [project]);
  return (
    <>
      <Header>{plan.online !== undefined && hasEvents !== false && <Online metric={plan.online} />}</Header>
      <main id="content" tabIndex={-1}>
        {plan.numbers.length === 0 ? (
          <Nothing>
            This project measures nothing yet. Add a metric with <code>npx millrace metric create</code>.
          </Nothing>
        ) : hasEvents === false ? (
          <FirstEvent />
        ) : (
          <>
            {hasEvents === undefined && <OverviewSkeleton />}
            <div hidden={hasEvents === undefined}>
              <Measured plan={plan} onFound={onFound} />
            </div>
          </>
        )}
      </main>
    </>
  );
}

function Measured({ plan, onFound }: { readonly plan: Plan; readonly onFound: () => void }): ReactNode {
  const { project, view, change } = useWorkspace();
  const { totals, problem, isOld } = useTotals(plan.numbers);
  const kept = totals.filter((total) => total.kept).map(({ number }) => number);
  const wanted = plan.numbers.find(({ name }) => name === view.metric) ?? plan.numbers[0]!;
  // What the filters leave nothing of gives way, and comes back when they go.
  const chosen = kept.length === 0 || kept.includes(wanted) ? wanted : kept[0]!;
  const onNews = useNews();
  const isFound = !isOld && totals.some(({ now }) => now);
  useEffect(() => {
    if (isFound) onFound();
  }, [isFound, onFound]);
  function wholeOf(metric: string): number | null | undefined {
    return totals.find(({ number }) => number.name === metric)?.now;
  }
  return (
    <>
      <Toolbar />
      <section className="panel headline" aria-label="Key numbers">
        {problem === undefined ? (
          <KeyNumbers
            totals={totals}
            chosen={chosen.name}
            compare={view.compare}
            isOld={isOld}
            onChoose={(name) =>
              change((before) => ({ ...before, metric: name === plan.numbers[0]!.name ? undefined : name }))
            }
          />
        ) : (
          <ProblemNote problem={problem} />
        )}
        <SeriesPanel number={chosen} onNews={onNews} />
      </section>
      <div className="panels">
        {plan.panels.map(({ title, tabs }) => (
          <DimensionPanel key={title} title={title} tabs={tabs} plan={plan} number={chosen} wholeOf={wholeOf} />
        ))}
        <LastEvents key={JSON.stringify([project.projectId, view.filters])} />
      </div>
    </>
  );
}
