import { type FormEvent, type ReactNode, useState } from "react";
import { titleOf, valueTitle } from "../format/names.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { Select } from "../menu/select.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { dimensionsOf } from "../question/filter.ts";
import { chosenValues, type DimensionFilter, type View, withFilter } from "../url/view.ts";
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

type FormProps = {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  readonly onDone: () => void;
};

function FilterForm({ metrics, dimensions, onDone }: FormProps): ReactNode {
  const { catalog, view, change } = useWorkspace();
  const needed = [...new Set([...dimensions, ...dimensionsOf(view.filters)])];
  const choices = dimensionChoices(catalog, metrics, needed).toSorted(
    (a, b) => Number(a.missing !== undefined) - Number(b.missing !== undefined),
  );
  const [dimension, setDimension] = useState(choices[0]?.name ?? "");
  const [operator, setOperator] = useState<keyof typeof OPERATORS>("is");
  const [values, setValues] = useState<readonly string[]>([]);
  const [text, setText] = useState("");
  // What is typed counts, though nobody has pressed Enter.
  const wanted = values.length > 0 || text === "" ? values : [text];

  function add(event: FormEvent): void {
    event.preventDefault();
    if (wanted.length === 0) return;
    change((before) => withValues(before, { dimension, ...OPERATORS[operator].kind, values: wanted }));
    onDone();
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
          {Object.entries(OPERATORS).map(([name, { title }]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </Select>
      </div>
      <ValuePicker
        dimension={dimension}
        isText={"match" in OPERATORS[operator].kind}
        values={values}
        onChange={setValues}
        text={text}
        onText={setText}
      />
      <button type="submit" className="button button-main" disabled={wanted.length === 0}>
        Filter
      </button>
    </form>
  );
}

/** The view with a filter: values that must be join those that must be already, a text takes the place of the one before. */
function withValues(view: View, filter: DimensionFilter): View {
  const isOneOf = !filter.not && filter.match === undefined;
  const known = isOneOf ? chosenValues(view, filter.dimension) : [];
  const values = filter.match === undefined ? [...new Set([...known, ...filter.values])] : filter.values.slice(0, 1);
  return withFilter(view, { ...filter, values });
}

/** Picks values that the dimension has, or others. */
function ValuePicker(props: {
  readonly dimension: string;
  /** A part of values, rather than values. */
  readonly isText: boolean;
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
  readonly text: string;
  readonly onText: (text: string) => void;
}): ReactNode {
  const { dimension, isText, values, onChange, text, onText } = props;
  const suggested = useSuggestions(dimension, text);
  const title = (value: string): string => (isText ? value : valueTitle(dimension, value));
  return (
    <Picker
      label={isText ? "Text" : "Values"}
      placeholder={isText ? "Upper and lower case matter" : "Type, or choose …"}
      options={suggested.map((value) => ({ value, title: title(value) }))}
      chosen={values}
      chosenTitle={title}
      max={isText ? 1 : VALUES_MAX}
      onChange={onChange}
      onText={onText}
      isInline
    />
  );
}
