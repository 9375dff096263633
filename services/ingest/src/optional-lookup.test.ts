import { describe, expect, it, vi } from "vitest";
import { OptionalLookup } from "./optional-lookup.ts";

const TIMEOUT_MS = 30;
const never = () => new Promise<never>(() => {});

describe("an optional lookup", () => {
  it("gives what is found", async () => {
    expect(await new OptionalLookup(TIMEOUT_MS, () => 0).find(async () => "found")).toBe("found");
  });

  it("is given up in time, even by who does not heed the signal, and done without for a second", async () => {
    let nowMs = 0;
    const lookup = new OptionalLookup(TIMEOUT_MS, () => nowMs);
    expect(await lookup.find(never)).toBeUndefined();
    nowMs = 999;
    expect(await lookup.find(async () => "found")).toBeUndefined();
    nowMs = 1000;
    await vi.waitFor(async () => expect(await lookup.find(async () => "found")).toBe("found"), 10_000);
  });

  it("makes nobody wait once it is known to hang, not even the one who tries whether it works again", async () => {
    let nowMs = 0;
    const lookup = new OptionalLookup(TIMEOUT_MS, () => nowMs);
    await lookup.find(never);
    let isOver = false;
    const hanging = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => {
        isOver = true;
      });
      return never();
    };
    nowMs = 1000;
    expect(await lookup.find(hanging)).toBeUndefined();
    expect(isOver).toBe(false);
  });

  it("is tried by one only while nobody knows whether it works again", async () => {
    let nowMs = 0;
    const lookup = new OptionalLookup(TIMEOUT_MS, () => nowMs);
    expect(await lookup.find(() => Promise.reject(new Error("away")))).toBeUndefined();
    nowMs = 1000;
    let tries = 0;
    const look = () => {
      tries++;
      return never();
    };
    await Promise.all([lookup.find(look), lookup.find(look), lookup.find(look)]);
    expect(tries).toBe(1);
  });
});
