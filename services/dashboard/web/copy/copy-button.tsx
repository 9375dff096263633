import { type ReactNode, useEffect, useState } from "react";
import { copyText } from "./clipboard.ts";

const SHOWN_MS = 2_000;

/** Copies a text, and says that it did. */
export function CopyButton(props: {
  readonly text: string;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactNode {
  const [said, setSaid] = useState<string | undefined>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      className={props.className ?? "button"}
      onClick={async () => setSaid((await copyText(props.text)) ? "Copied" : "Select the text, and copy it")}
    >
      {said ?? props.children}
    </button>
  );
}
