import { useSyncExternalStore } from "react";
import { currentSession, onSession, type Session } from "./session.ts";

/** The session now. */
export function useSession(): Session {
  return useSyncExternalStore(onSession, currentSession);
}
