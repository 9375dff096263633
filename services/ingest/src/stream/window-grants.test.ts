import type { Http2Session } from "node:http2";
import { describe, expect, it } from "vitest";
import { WindowGrants } from "./window-grants.ts";

/** A session as far as windows go. */
function sessionOf(): Http2Session & { window: () => number } {
  const localSettings = { initialWindowSize: 65_535 };
  const session = {
    destroyed: false,
    closed: false,
    localSettings,
    settings: (changed: { initialWindowSize: number }) => Object.assign(localSettings, changed),
    window: () => localSettings.initialWindowSize,
  };
  return session as unknown as Http2Session & { window: () => number };
}

describe("WindowGrants", () => {
  it("grants large windows only within the bound on all of them", () => {
    const grants = new WindowGrants(4000, 1000);
    const [a, b] = [sessionOf(), sessionOf()];
    for (let i = 0; i < 3; i++) grants.enter(a);
    expect([a.window(), grants.grantedBytes]).toEqual([1000, 3000]);
    grants.enter(b);
    expect([b.window(), grants.grantedBytes]).toEqual([1000, 4000]);
    grants.enter(b);
    expect([b.window(), grants.grantedBytes]).toEqual([65_535, 3000]);
    for (let i = 0; i < 3; i++) grants.leave(a);
    grants.enter(b);
    expect([b.window(), grants.grantedBytes]).toEqual([1000, 3000]);
    for (let i = 0; i < 3; i++) grants.leave(b);
    expect(grants.grantedBytes).toBe(0);
  });
});
