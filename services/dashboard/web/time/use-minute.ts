import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** The beginning of the current minute, in epoch milliseconds; what uses it is drawn anew as it passes. */
export function useMinute(): number {
  const [minute, setMinute] = useState(() => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  useEffect(() => {
    const timer = setTimeout(
      () => setMinute(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS),
      minute + MINUTE_MS - Date.now() + 50,
    );
    return () => clearTimeout(timer);
  }, [minute]);
  return minute;
}
