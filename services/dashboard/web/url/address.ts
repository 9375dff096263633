import { useCallback, useMemo, useSyncExternalStore } from "react";
import { readView, type View, writeView } from "./view.ts";

/** How an address changes: as a step that "back" undoes, or in the place of the one before. */
export type Step = "push" | "replace";

const listeners = new Set<() => void>();

/** The path and query of the address now. */
export function usePath(): string {
  return useSyncExternalStore(listen, () => location.pathname);
}

/** The query of the address. */
export function useSearch(): URLSearchParams {
  const text = useSyncExternalStore(listen, () => location.search);
  return useMemo(() => new URLSearchParams(text), [text]);
}

/** The view that the address describes, and what changes it. */
export function useView(): readonly [View, (change: (view: View) => View, step?: Step) => void] {
  const search = useSearch();
  const view = useMemo(() => readView(search), [search]);
  const change = useCallback((next: (view: View) => View, step: Step = "push") => {
    const before = new URLSearchParams(location.search);
    navigate({ search: writeView(next(readView(before)), before) }, step);
  }, []);
  return [view, change];
}

/** Goes to another address of the page, without loading it. */
export function navigate(to: { readonly path?: string; readonly search?: URLSearchParams }, step: Step = "push"): void {
  const query = readable(to.search ?? new URLSearchParams());
  const address = `${to.path ?? location.pathname}${query === "" ? "" : `?${query}`}`;
  if (address === location.pathname + location.search) return;
  if (step === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  for (const listener of listeners) listener();
}

/** Slashes and colons need no escape in a query, and a person can read them. */
function readable(search: URLSearchParams): string {
  return search.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}
