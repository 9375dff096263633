import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Http2Limits } from "./limits.ts";

/** The open HTTP/2 connections of a server. */
export type Sessions = {
  /** Sends GOAWAY on each: streams that began go on to their end, new ones are refused without having been seen. */
  readonly closeAll: () => void;
  readonly destroyAll: () => void;
};

/** Keeps track of a server's HTTP/2 connections, and holds them to their windows, idle time and age. */
export function trackSessions(server: Http2Server, limits: Http2Limits): Sessions {
  const sessions = new Set<ServerHttp2Session>();
  let isClosing = false;
  server.on("session", (session) => {
    sessions.add(session);
    const aging = limitAge(session, limits);
    session.once("close", () => {
      sessions.delete(session);
      for (const timer of aging) clearTimeout(timer);
    });
    session.on("error", ignore);
    session.setLocalWindowSize(limits.connectionWindowBytes);
    session.setTimeout(limits.idleTimeoutMs, () => session.close());
    // A connection that was accepted just before the close.
    if (isClosing) session.close();
  });
  server.on("sessionError", ignore);
  return {
    closeAll() {
      isClosing = true;
      for (const session of sessions) session.close();
    },
    destroyAll() {
      for (const session of sessions) session.destroy();
    },
  };
}

function limitAge(session: ServerHttp2Session, limits: Http2Limits): NodeJS.Timeout[] {
  if (limits.connectionAgeMs === 0) return [];
  // Jitter, so that the connections that a restart made at once do not all come again at once.
  const ageMs = limits.connectionAgeMs * (0.9 + Math.random() * 0.2);
  const timers: NodeJS.Timeout[] = [];
  const close = (): void => {
    session.close();
    timers.push(setTimeout(() => session.destroy(), limits.connectionAgeGraceMs).unref());
  };
  timers.push(setTimeout(close, ageMs).unref());
  return timers;
}

function ignore(): void {}
