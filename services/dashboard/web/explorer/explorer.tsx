import type { ReactNode } from "react";
import { Nothing } from "../panel/panel.tsx";
import { Header } from "../project/header.tsx";
import { Toolbar } from "../project/toolbar.tsx";
import { AddFilter } from "./add-filter.tsx";
import { AnswerPanel } from "./answer-panel.tsx";
import { hasBuckets } from "./asked.ts";
import { ChooseQuestion } from "./choose-question.tsx";
import { useExploration } from "./use-exploration.ts";
import "./explorer.css";

/** Any metrics by any dimensions. */
export function Explorer(): ReactNode {
  const [exploration, change] = useExploration();
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1}>
        {exploration.metrics.length === 0 ? (
          <Nothing>This project measures nothing yet. Add a metric with `npx millrace metric create`.</Nothing>
        ) : (
          <>
            <section className="panel choose-panel" aria-label="Question">
              <ChooseQuestion exploration={exploration} onChange={change} />
              <Toolbar hasBuckets={hasBuckets(exploration)}>
                <AddFilter metrics={exploration.metrics} dimensions={exploration.dimensions} />
              </Toolbar>
            </section>
            <AnswerPanel exploration={exploration} onChange={change} />
          </>
        )}
      </main>
    </>
  );
}
