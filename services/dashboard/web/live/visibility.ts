import { type RefObject, useEffect, useState, useSyncExternalStore } from "react";

/** Whether the page can be seen: only then does it keep streams open. */
export function usePageVisible(): boolean {
  return useSyncExternalStore(listen, () => document.visibilityState === "visible");
}

/** Whether an element is within, or near, what is seen of the page. */
export function useInSight(element: RefObject<Element | null>): boolean {
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver(([entry]) => setInSight(entry?.isIntersecting ?? false), {
      rootMargin: "160px",
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return inSight;
}

function listen(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
