import { createServer, type Server } from "node:http";

import { isForeignHost } from "./local-host.ts";

/** What the admin port tells. */
export type AdminSource = {
  readonly isReady: () => Promise<boolean>;
  readonly metrics: () => Promise<string>;
  readonly service: string;
  readonly version: string;
  /** Of the sources, where it is known. */
  readonly revision: string | undefined;
};

type Answer = { readonly status: number; readonly type?: string; readonly body: string };

const READY_WITHIN_MS = 1_000;
const FOREIGN: Answer = { status: 421, body: "call this port by an address or as localhost, not by another name\n" };

/**
 * The admin port, for probes and scrapers, not for the public: `/livez` (the loop turns), `/readyz` (calls are taken),
 * `/metrics` (Prometheus text), `/version`. Over loopback it is to be called by an address or as localhost.
 */
export function createAdminServer(source: AdminSource): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0]!;
    const answer = isForeignHost(request) ? Promise.resolve(FOREIGN) : answerTo(path, source);
    void answer.then(({ status, type = "text/plain", body }) => {
      const contentType = `${type}; charset=utf-8`;
      response.writeHead(status, {
        "content-type": contentType,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
      response.end(request.method === "HEAD" ? undefined : body);
    });
  });
}

async function answerTo(path: string, source: AdminSource): Promise<Answer> {
  switch (path) {
    case "/livez":
      return { status: 200, body: "ok\n" };
    case "/readyz":
      return (await isReadySoon(source)) ? { status: 200, body: "ok\n" } : { status: 503, body: "not ready\n" };
    case "/metrics":
      return source.metrics().then(
        (body) => ({ status: 200, type: "text/plain; version=0.0.4", body }),
        () => ({ status: 500, body: "the metrics can not be read\n" }),
      );
    case "/version": {
      const { service, version, revision } = source;
      return {
        status: 200,
        type: "application/json",
        body: `${JSON.stringify({ service, version, revision, node: process.version })}\n`,
      };
    }
    default:
      return { status: 404, body: "there are /livez, /readyz, /metrics and /version\n" };
  }
}

/** A probe must get an answer in time, also while a backend hangs. */
async function isReadySoon(source: AdminSource): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), READY_WITHIN_MS);
  });
  try {
    return await Promise.race([source.isReady(), tooLate]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
