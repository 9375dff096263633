import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { type ReactNode, useMemo } from "react";
import { CopyButton } from "../copy/copy-button.tsx";
import { titleOf } from "../format/names.ts";
import { useWorkspace } from "../project/workspace.tsx";
import type { Catalog } from "../question/catalog.ts";
import { dimensionsOf } from "../question/filter.ts";
import { dimensionChoices, type Missing, missingFor } from "./combine.ts";
import { DIMENSIONS_MAX, type Exploration, METRICS_MAX } from "./exploration.ts";
import { Picker } from "./picker.tsx";
import type { Option } from "./use-picker.ts";

const QUANTILES = ["p50", "p90", "p95", "p99"];

/** Chooses what is measured, and what by. */
export function ChooseQuestion(props: {
  readonly exploration: Exploration;
  readonly onChange: (change: (exploration: Exploration) => Exploration) => void;
}): ReactNode {
  const { exploration, onChange } = props;
  const { catalog, view } = useWorkspace();
  const { metrics, dimensions } = exploration;
  const filtered = useMemo(() => dimensionsOf(view.filters), [view.filters]);
  const metricOptions = useMemo(
    () => optionsOfMetrics(catalog, [...new Set([...dimensions, ...filtered])]),
    [catalog, dimensions, filtered],
  );
  const dimensionOptions = useMemo(
    () => optionsOfDimensions(catalog, metrics, dimensions, filtered),
    [catalog, metrics, dimensions, filtered],
  );
  return (
    <div className="choose">
      <Picker
        label="Measure"
        placeholder="Add a metric …"
        options={metricOptions}
        chosen={metrics}
        chosenTitle={titleOf}
        max={METRICS_MAX}
        onChange={(chosen) => onChange((before) => ({ ...before, metrics: chosen }))}
      />
      <Picker
        label="Broken down by"
        placeholder={dimensions.length === 0 ? "Nothing: add a dimension …" : "Add a dimension …"}
        options={dimensionOptions}
        chosen={dimensions}
        chosenTitle={titleOf}
        max={DIMENSIONS_MAX}
        onChange={(chosen) => onChange((before) => ({ ...before, dimensions: chosen, order: undefined }))}
      />
    </div>
  );
}

function optionsOfMetrics(catalog: Catalog, needed: readonly string[]): readonly Option[] {
  return catalog.metrics.flatMap(({ name, aggregation, unit, description }) => {
    const names = aggregation === Aggregation.QUANTILES ? QUANTILES.map((quantile) => `${name}.${quantile}`) : [name];
    const missing = missingFor(catalog, [name], needed);
    return names.map(
      (value): Option => ({
        value,
        title: titleOf(value),
        note: missing === undefined ? unit : `not kept ${byText(needed)}`,
        hint: description,
      }),
    );
  });
}

/** What can be added comes first. */
function optionsOfDimensions(
  catalog: Catalog,
  metrics: readonly string[],
  dimensions: readonly string[],
  filtered: readonly string[],
): readonly Option[] {
  const choices = dimensionChoices(catalog, metrics, [...new Set([...dimensions, ...filtered])]);
  const options = choices.map(({ name, missing }): Option => {
    const isDisabled = missing !== undefined && !dimensions.includes(name);
    return {
      value: name,
      title: titleOf(name),
      note: isDisabled ? "not kept together" : titleOf(name).toLowerCase() === name ? undefined : name,
      isDisabled,
      ...(isDisabled && { hint: <MissingHint missing={missing} /> }),
    };
  });
  return options.toSorted((a, b) => Number(a.isDisabled) - Number(b.isDisabled));
}

/** Says which rollup would be needed, and the line that makes it. */
function MissingHint({ missing }: { readonly missing: Missing }): ReactNode {
  const { metrics, dimensions, command } = missing;
  const what = `No rollup keeps ${metrics.map(titleOf).join(", ")} ${byText(dimensions)}.`;
  if (command === undefined) return `${what} A rollup has ${DIMENSIONS_MAX} dimensions at most.`;
  return (
    <>
      <p>{what} One that counts from now on:</p>
      <div className="code">
        <CopyButton text={`npx ${command}`} className="button button-small">
          Copy
        </CopyButton>
        <pre>npx {command}</pre>
      </div>
    </>
  );
}

function byText(dimensions: readonly string[]): string {
  return dimensions.length === 0 ? "as a whole" : `by ${dimensions.map(titleOf).join(" and ")}`;
}
