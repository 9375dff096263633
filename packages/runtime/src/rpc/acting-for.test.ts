import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it } from "vitest";
import { ACTING_FOR_HEADER, actingForText, principalBehind } from "./acting-for.ts";
import { type Principal, readPrincipal } from "./principal.ts";

const SERVICE: Principal = {
  keyId: "service",
  projectId: undefined,
  scopes: new Set([Scope.SERVICE]),
  mayActForOthers: true,
};
const ADA: Principal = { keyId: "ada", projectId: "demo", scopes: new Set([Scope.REPORT]) };
const ROOT: Principal = { keyId: "root", projectId: undefined, scopes: new Set([Scope.ADMIN, Scope.REPORT]) };

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

describe("a service that acts for another", () => {
  it("may do exactly what the other may, and nothing of its own", () => {
    for (const other of [ADA, ROOT]) {
      const behind = principalBehind(SERVICE, actingForText(other));
      expect(behind).toEqual(other);
      expect(behind.mayActForOthers).toBeUndefined();
    }
  });

  it("is itself where it names nobody", () => {
    expect(principalBehind(SERVICE, undefined)).toBe(SERVICE);
  });

  it("is refused where it names somebody who can not be, or with more than people can hold", () => {
    const wrong = [
      "",
      "nonsense",
      encoded(null),
      encoded([]),
      encoded({ keyId: "x", scopes: "ADMIN" }),
      encoded({ keyId: "", scopes: [] }),
      encoded({ keyId: "x", projectId: 1, scopes: [] }),
      encoded({ keyId: "x", projectId: "", scopes: [] }),
      encoded({ keyId: "x", scopes: [Scope.SERVICE] }),
      encoded({ keyId: "x", scopes: [Scope.REPORT, Scope.SERVICE] }),
      encoded({ keyId: "x", scopes: [Scope.PUBLIC] }),
      encoded({ keyId: "x", scopes: [99] }),
      encoded({ keyId: "x".repeat(2_000), scopes: [] }),
    ];
    for (const header of wrong) {
      expect(() => principalBehind(SERVICE, header), header).toThrow(`${ACTING_FOR_HEADER} does not name a principal`);
    }
  });
});

describe("a caller that is no service", () => {
  it("stays who it is, whatever it says that it acts for", async () => {
    expect(principalBehind(ADA, actingForText(ROOT))).toBe(ADA);
    const withScope: Principal = { keyId: "x", projectId: undefined, scopes: new Set([Scope.SERVICE]) };
    expect(principalBehind(withScope, actingForText(ROOT))).toBe(withScope);
    const headers = { authorization: "Bearer ada", [ACTING_FOR_HEADER]: actingForText(ROOT) };
    expect(await readPrincipal(headers, "/", async () => ADA, Scope.REPORT)).toBe(ADA);
    await expect(readPrincipal(headers, "/", async () => ADA, Scope.ADMIN)).rejects.toMatchObject({ kind: "denied" });
  });

  it("is believed on paths that are handled by hand only together with a service key", async () => {
    const headers = { authorization: "Bearer service", [ACTING_FOR_HEADER]: actingForText(ADA) };
    expect(await readPrincipal(headers, "/", async () => SERVICE, Scope.REPORT)).toEqual(ADA);
    await expect(readPrincipal(headers, "/", async () => SERVICE, Scope.ADMIN)).rejects.toMatchObject({
      kind: "denied",
    });
  });
});
