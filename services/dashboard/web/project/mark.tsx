import type { ReactNode } from "react";

/** The sign of Millrace. */
export function Mark({ size = 26 }: { readonly size?: number }): ReactNode {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" role="img" aria-label="Millrace">
      <rect width="32" height="32" rx="8" />
      <path d="M6 12c3.3 0 3.3-3 6.6-3s3.4 3 6.7 3 3.3-3 6.7-3M6 18c3.3 0 3.3-3 6.6-3s3.4 3 6.7 3 3.3-3 6.7-3M6 24c3.3 0 3.3-3 6.6-3s3.4 3 6.7 3 3.3-3 6.7-3" />
    </svg>
  );
}
