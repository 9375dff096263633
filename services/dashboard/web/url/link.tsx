import type { MouseEvent, ReactNode } from "react";
import { navigate } from "./address.ts";

/** A link inside of the page; opened in another tab it is a link like any other. */
export function Link(props: {
  readonly path: string;
  readonly search?: URLSearchParams;
  readonly className?: string;
  readonly current?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const { path, search } = props;
  const query = search?.toString() ?? "";
  function follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate({ path, ...(search && { search }) });
  }
  return (
    <a
      href={query === "" ? path : `${path}?${query}`}
      className={props.className}
      aria-current={props.current ? "page" : undefined}
      onClick={follow}
    >
      {props.children}
    </a>
  );
}
