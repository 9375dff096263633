import { useSyncExternalStore } from "react";

/** What a person has chosen; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const KEY = "millrace.theme";
const ORDER: readonly Theme[] = ["auto", "light", "dark"];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen: Theme = read();

apply();
dark.addEventListener("change", tell);

/** The theme that was chosen, and the one that is shown. */
export function useTheme(): { readonly chosen: Theme; readonly shown: "light" | "dark" } {
  const text = useSyncExternalStore(listen, () => `${chosen} ${shown()}`);
  const [theme, visible] = text.split(" ") as [Theme, "light" | "dark"];
  return { chosen: theme, shown: visible };
}

/** Goes on to the next theme. */
export function nextTheme(): void {
  chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length]!;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Without a store the choice lasts as long as the page.
  }
  apply();
  tell();
}

function shown(): "light" | "dark" {
  return chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
}

function apply(): void {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

function read(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return ORDER.find((one) => one === text) ?? "auto";
  } catch {
    return "auto";
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
