/**
 * Calls `view` whenever the visitor sees another page: now, on navigations within the page by the history API, and when
 * the browser shows the page as it was left. What is not seen yet (a prerendered page, a tab in the background) is
 * viewed when it is shown.
 *
 * @param path the path of the page now; while it stays the same, so does the page
 */
export function watchViews(path: () => string, view: () => void): void {
  let viewed: string | undefined;

  function look(): void {
    const now = path();
    if (document.hidden || now === viewed) return;
    viewed = now;
    view();
  }

  for (const method of ["pushState", "replaceState"] as const) {
    const original = history[method];
    history[method] = function (...parameters) {
      original.apply(this, parameters);
      look();
    };
  }
  for (const type of ["popstate", "hashchange", "visibilitychange"]) addEventListener(type, look);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) viewed = undefined;
    look();
  });
  look();
}
