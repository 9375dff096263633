import { type ReactNode, useEffect, useState } from "react";
import { useConnection } from "./connection.ts";

/** A loss that heals within this time is not worth a word. */
const PATIENCE_MS = 1_200;

/** Says that the connection is lost, and when it is tried again; nothing while all is well. */
export function ConnectionBanner(): ReactNode {
  const { lost, nextMs, retry } = useConnection();
  const [shown, setShown] = useState(false);
  const [now, setNow] = useState(() => Date.now());

  useEffect(() => {
    if (!lost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [lost]);

  useEffect(() => {
    if (!shown) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [shown]);

  const seconds = Math.ceil((nextMs - now) / 1_000);
  return (
    <div className="banner-place">
      <p className="unseen" role="status">
        {shown ? "The connection to the server is lost. Numbers may be old." : ""}
      </p>
      {shown && (
        <div className="banner">
          <span className="banner-dot" />
          <span>
            Connection lost, numbers may be old. {seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again …"}
          </span>
          <button type="button" className="button button-small" onClick={retry}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
