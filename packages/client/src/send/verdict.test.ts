import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { judge } from "./verdict.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const inSeconds = (seconds: number, fromMs = NOW_MS) => new Date(fromMs + seconds * 1000).toUTCString();
const answered = (status: number, headers: Record<string, string>) =>
  new ConnectError(`HTTP ${status}`, Code.Unavailable, new Headers(headers));

describe("a wait that the server asks for", () => {
  it.each([
    { said: "as seconds", headers: { "retry-after": "7" }, waitMs: 7000 },
    { said: "as a moment", headers: { "retry-after": inSeconds(7) }, waitMs: 7000 },
    {
      said: "as a moment by a clock that is wrong",
      headers: { "retry-after": inSeconds(7, 0), date: inSeconds(0, 0) },
      waitMs: 7000,
    },
    { said: "as a moment that is over", headers: { "retry-after": inSeconds(-7) }, waitMs: 0 },
    { said: "as nobody can read it", headers: { "retry-after": "soon" }, waitMs: 0 },
    { said: "for too long", headers: { "retry-after": "999999" }, waitMs: 600_000 },
  ])("is understood $said", ({ headers, waitMs }) => {
    expect(judge(answered(503, headers), NOW_MS)).toMatchObject({ kind: "retry", retryAfterMs: waitMs });
  });
});

it("says what is behind a failed fetch", () => {
  const behind = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const verdict = judge(new TypeError("fetch failed", { cause: behind }), NOW_MS);
  expect(verdict.message).toBe("fetch failed: connect ECONNREFUSED 127.0.0.1:1");
});
