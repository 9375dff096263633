import { type ReactNode, useEffect, useRef } from "react";
import { titleOf, valueTitle } from "../format/names.ts";
import { Icon } from "../menu/icons.tsx";
import { type DimensionFilter, type View, withFilter } from "../url/view.ts";
import { useWorkspace } from "./workspace.tsx";

/** What the view is filtered by; each filter can be taken away. */
export function FilterChips(): ReactNode {
  const { view, change } = useWorkspace();
  useFocusKept(view.filters.length);
  if (view.filters.length === 0) return null;
  return (
    <ul className="chips" aria-label="Filters">
      {view.filters.map((filter) => (
        <li className="chip" key={`${filter.not} ${filter.match} ${filter.dimension}`}>
          {filter.match === undefined ? (
            <button
              type="button"
              className="chip-text"
              title={filter.not ? "Show only these" : "Show all but these"}
              onClick={() => change((before) => turned(before, filter))}
            >
              {chipText(filter)}
            </button>
          ) : (
            <span className="chip-text">{chipText(filter)}</span>
          )}
          <button
            type="button"
            className="chip-close"
            aria-label={`Remove the filter ${chipText(filter)}`}
            onClick={() => change((before) => withFilter(before, { ...filter, values: [] }))}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {view.filters.length > 1 && (
        <li>
          <button
            type="button"
            className="button button-bare button-small"
            onClick={() => change((before) => ({ ...before, filters: [] }))}
          >
            Remove all
          </button>
        </li>
      )}
    </ul>
  );
}

/** Who removed a filter by its button goes on at the numbers, not at the top of the page: the button is gone. */
function useFocusKept(count: number): void {
  const before = useRef(count);
  useEffect(() => {
    const isFocusLost = document.activeElement === null || document.activeElement === document.body;
    if (count < before.current && isFocusLost) document.getElementById("content")?.focus({ preventScroll: true });
    before.current = count;
  }, [count]);
}

const MATCHES = { contains: "contains", starts: "starts with" } as const;

/** The view with what was wanted left out, or what was left out wanted. */
function turned(view: View, filter: DimensionFilter): View {
  const without = withFilter(view, { ...filter, values: [] });
  return withFilter(without, { ...filter, not: !filter.not });
}

function chipText({ dimension, not, match, values }: DimensionFilter): string {
  if (match !== undefined) return `${titleOf(dimension)} ${MATCHES[match]} “${values[0]}”`;
  return `${titleOf(dimension)} ${not ? "is not" : "is"} ${values.map((value) => valueTitle(dimension, value)).join(" or ")}`;
}
