import type { ReactNode } from "react";
import { Select } from "../menu/select.tsx";
import { EverySelect } from "../time/every-select.tsx";
import { RangePicker } from "../time/range-picker.tsx";
import { ZoneSelect } from "../time/zone-select.tsx";
import type { Compare } from "../url/view.ts";
import { FilterChips } from "./filter-chips.tsx";
import { useWorkspace } from "./workspace.tsx";

const COMPARES: readonly { readonly compare: Compare; readonly title: string }[] = [
  { compare: "previous", title: "vs. period before" },
  { compare: "year", title: "vs. year before" },
  { compare: "none", title: "No comparison" },
];

/** What every view of a project can be narrowed and set by: time, width, zone, comparison, filters. */
export function Toolbar(props: {
  /** Without buckets no width is chosen for them. */
  readonly hasBuckets?: boolean;
  readonly children?: ReactNode;
}): ReactNode {
  const { hasBuckets = true, children } = props;
  const { view, change, zone, every, project, catalog } = useWorkspace();
  return (
    <div className="toolbar">
      <div className="toolbar-line">
        <RangePicker
          range={view.range}
          zone={zone}
          onChoose={(range) => change((before) => ({ ...before, range, every: undefined }))}
        />
        {hasBuckets && (
          <EverySelect
            every={every}
            range={view.range}
            zone={zone}
            kept={catalog.granularities}
            onChoose={(chosen) => change((before) => ({ ...before, every: chosen }))}
          />
        )}
        <Select
          label="Comparison"
          value={view.compare}
          onChoose={(text) => {
            const chosen = COMPARES.find(({ compare }) => compare === text);
            if (chosen !== undefined) change((before) => ({ ...before, compare: chosen.compare }));
          }}
        >
          {COMPARES.map(({ compare, title }) => (
            <option key={compare} value={compare}>
              {title}
            </option>
          ))}
        </Select>
        <ZoneSelect
          zone={zone}
          projectZone={project.timeZone || "UTC"}
          onChoose={(chosen) => change((before) => ({ ...before, zone: chosen }))}
        />
        {children}
      </div>
      <FilterChips />
    </div>
  );
}
