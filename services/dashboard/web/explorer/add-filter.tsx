import { type FormEvent, type ReactNode, useState } from "react";
import { titleOf, valueTitle } from "../format/names.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { Select } from "../menu/select.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { dimensionsOf } from "../question/filter.ts";
import { chosenValues, type DimensionFilter, withFilter } from "../url/view.ts";
import { dimensionChoices } from "./combine.ts";
import { Picker } from "./picker.tsx";
import { useSuggestions } from "./use-suggestions.ts";

const OPERATORS = {
  is: { title: "is, or is one of", kind: { not: false } },
  not: { title: "is not, or is none of", kind: { not: true } },
  contains: { title: "contains", kind: { not: false, match: "contains" } },
  starts: { title: "starts with", kind: { not: false, match: "starts" } },
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly kind: Pick<DimensionFilter, "not" | "match"> }>
>;
const VALUES_MAX = 50;

/** Narrows what is looked at by the values of a dimension. */
export function AddFilter({
  metrics,
  dimensions,
}: {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
}): ReactNode {
  return (
    <Dropdown
      label={
        <>
          Filter <Icon name="chevron" size={14} />
        </>
      }
      title="Add a filter"
    >
      {(close) => <FilterForm metrics={metrics} dimensions={dimensions} onDone={close} />}
    </Dropdown>
  );
}

function FilterForm(props: {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  readonly onDone: () => void;
}): ReactNode {
  const { catalog, view, change } = useWorkspace();
  const needed = [...new Set([...props.dimensions, ...dimensionsOf(view.filters)])];
  const choices = dimensionChoices(catalog, props.metrics, needed).toSorted(
    (a, b) => Number(a.missing !== undefined) - Number(b.missing !== undefined),
  );
  const [dimension, setDimension] = useState(choices[0]?.name ?? "");
  const [operator, setOperator] = useState<keyof typeof OPERATORS>("is");
  const [values, setValues] = useState<readonly string[]>([]);
  const [text, setText] = useState("");
  const { kind } = OPERATORS[operator];
  const isText = "match" in kind;
  const suggested = useSuggestions(dimension, text);
  const title = (value: string): string => (isText ? value : valueTitle(dimension, value));
  // What is typed counts, though nobody has pressed Enter.
  const wanted = values.length > 0 || text === "" ? values : [text];

  function add(event: FormEvent): void {
    event.preventDefault();
    if (wanted.length === 0) return;
    change((before) => {
      const known = operator === "is" ? chosenValues(before, dimension) : [];
      const all = isText ? wanted.slice(0, 1) : [...new Set([...known, ...wanted])];
      return withFilter(before, { dimension, ...kind, values: all });
    });
    props.onDone();
  }

  return (
    <form className="menu-form filter-form" onSubmit={add}>
      <div className="fields">
        <Select
          label="Dimension to filter by"
          value={dimension}
          onChoose={(chosen) => {
            setDimension(chosen);
            setValues([]);
          }}
        >
          {choices.map(({ name, missing }) => (
            <option key={name} value={name} disabled={missing !== undefined}>
              {titleOf(name)}
              {missing === undefined ? "" : " (not kept together)"}
            </option>
          ))}
        </Select>
        <Select
          label="How it is compared"
          value={operator}
          onChoose={(chosen) => {
            if (chosen in OPERATORS) setOperator(chosen as keyof typeof OPERATORS);
            setValues([]);
          }}
        >
          {Object.entries(OPERATORS).map(([name, one]) => (
            <option key={name} value={name}>
              {one.title}
            </option>
          ))}
        </Select>
      </div>
      <Picker
        label={isText ? "Text" : "Values"}
        placeholder={isText ? "Upper and lower case matter" : "Type, or choose …"}
        options={suggested.map((value) => ({ value, title: title(value) }))}
        chosen={values}
        chosenTitle={title}
        max={isText ? 1 : VALUES_MAX}
        onChange={setValues}
        onText={setText}
        isInline
      />
      <button type="submit" className="button button-main" disabled={wanted.length === 0}>
        Filter
      </button>
    </form>
  );
}
