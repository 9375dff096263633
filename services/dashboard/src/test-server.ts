import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import { createTelemetry, silentLogger, startServer } from "@millrace/runtime";
import { onTestFinished } from "vitest";
import { createDashboardApp } from "./app.ts";

/** Starts the server of the page alone, by a clock that the test moves. */
export async function startTestServer() {
  const records = await openEmbeddedRecordStore({ directory: ":memory:" });
  const clock = { nowMs: 1_000 };
  const log = silentLogger();
  const dashboard = createDashboardApp({ records, now: () => clock.nowMs, log, version: "1.2.3" });
  const telemetry = await createTelemetry({ service: "test", version: "1.2.3" });
  const server = await startServer({
    service: "test",
    version: "1.2.3",
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    routes: dashboard.routes,
    findHandler: dashboard.findHandler,
    authenticate: (text) => dashboard.authenticate(text ?? ""),
    log,
    telemetry,
  });
  onTestFinished(async () => {
    await server.close();
    await telemetry.shutdown();
    await records.close();
  });
  const origin = server.url;

  /** Asks `/session` as the page does, or with other headers. */
  function session(method: string, headers: Record<string, string> = {}, body?: string) {
    return fetch(`${origin}/session`, {
      method,
      headers: { "sec-fetch-site": "same-origin", ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }
  function logIn(token: string, headers: Record<string, string> = {}) {
    return session("POST", { "content-type": "application/json", ...headers }, JSON.stringify({ token }));
  }
  async function newToken(): Promise<string> {
    return (await dashboard.createLoginPath())!.split("=")[1]!;
  }
  /** The cookie of a new session, as a browser would send it. */
  async function newCookie(): Promise<string> {
    const answer = await logIn(await newToken());
    return answer.headers.get("set-cookie")!.split(";")[0]!;
  }
  return { origin, clock, records, dashboard, session, logIn, newToken, newCookie };
}
