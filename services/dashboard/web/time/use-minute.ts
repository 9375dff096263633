import { useEffect, useState } from "react";
import { type Range, spanOf } from "./range.ts";

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

/** Whether a range is over: then only imports change what is in it. */
export function useIsOver(range: Range, zone: string): boolean {
  const minute = useMinute();
  return spanOf(range, zone, minute).end <= minute;
}
