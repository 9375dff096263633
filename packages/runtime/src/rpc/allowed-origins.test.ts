import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it } from "vitest";
import { requireOrigin } from "./allowed-origins.ts";

const key = (...allowedOrigins: string[]) => ({
  keyId: "k",
  projectId: "shop",
  scopes: new Set([Scope.INGEST]),
  allowedOrigins,
});
const denied = (origin: string | undefined, ...allowed: string[]) => {
  try {
    requireOrigin(key(...allowed), origin);
    return undefined;
  } catch (failure) {
    return failure;
  }
};

describe("a key of web pages", () => {
  it.each([
    ["https://example.org", "https://example.org"],
    ["https://EXAMPLE.org", "https://example.org"],
    ["http://localhost:3000", "http://localhost:3000"],
    ["https://www.example.org", "https://*.example.org"],
    ["https://a.b.example.org", "https://*.example.org"],
    ["https://a.example.org:8443", "https://*.example.org:8443"],
    ["https://b.org", "https://a.org", "https://b.org"],
  ])("serves pages of %s when it allows %s", (origin, ...allowed) => {
    expect(denied(origin, ...allowed)).toBeUndefined();
  });

  it.each([
    ["https://evil.example", "https://example.org"],
    ["http://example.org", "https://example.org"],
    ["https://example.org:444", "https://example.org"],
    ["https://example.org", "https://example.org:444"],
    ["https://www.example.org", "https://example.org"],
    ["https://example.org", "https://*.example.org"],
    ["https://.example.org", "https://*.example.org"],
    ["https://evilexample.org", "https://*.example.org"],
    ["https://a.example.org.evil.com", "https://*.example.org"],
    ["https://evil.com/.example.org", "https://*.example.org"],
    ["https://evil.com:1.example.org", "https://*.example.org"],
    ["https://a.example.org:8443", "https://*.example.org"],
    ["http://a.example.org", "https://*.example.org"],
    ["null", "https://example.org"],
    ["", "https://example.org"],
  ])("refuses %j when it allows %s", (origin, ...allowed) => {
    const failure = denied(origin, ...allowed);
    expect(failure).toMatchObject({ kind: "denied", reason: "ORIGIN_NOT_ALLOWED" });
    expect((failure as Error).message).toContain(JSON.stringify(origin));
  });

  it("does not tell the readers of a page where else its key is good", () => {
    expect((denied("https://example.org", "https://secret.example.org") as Error).message).not.toContain("secret");
  });

  it("refuses who says no origin at all: no page does that", () => {
    expect(denied(undefined, "https://example.org")).toMatchObject({
      reason: "ORIGIN_NOT_ALLOWED",
      message: "the key is for web pages alone; the call has no Origin header",
    });
  });
});

it("a key without origins is for anybody who has it", () => {
  expect(denied(undefined)).toBeUndefined();
  expect(denied("https://anywhere.example")).toBeUndefined();
});
