import type { ReactNode } from "react";
import { Mark } from "../project/mark.tsx";
import { TableSkeleton } from "../table/bar-table.tsx";
import "./overview.css";

/** Stands where the page will be, in the shape of the overview. */
export function PageSkeleton(): ReactNode {
  return (
    <>
      <div className="top" aria-hidden="true">
        <Mark />
        <span className="skeleton" style={{ width: 120, height: 20 }} />
      </div>
      <OverviewSkeleton />
    </>
  );
}

/** Stands where the overview will be. */
export function OverviewSkeleton(): ReactNode {
  return (
    <div aria-busy="true">
      <p className="unseen">Loading</p>
      <div className="toolbar">
        <div className="toolbar-line">
          <span className="skeleton" style={{ width: 320, height: 34 }} />
        </div>
      </div>
      <div className="panel headline">
        <div style={{ height: 100 }} />
        <div className="series">
          <div style={{ height: 32 }} />
          <div className="skeleton" style={{ height: 280 }} />
        </div>
      </div>
      <div className="panels">
        {["a", "b"].map((key) => (
          <div className="panel" key={key}>
            <TableSkeleton rows={8} />
          </div>
        ))}
      </div>
    </div>
  );
}
